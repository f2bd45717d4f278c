import type { Principal } from '#libs/auth';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { ClientAuthorization } from '../mqtt.services.js';
import type { Publisher } from '../publishing/publisher.js';
import type { MqttWill } from '../session/session-directory.js';
import { publishRequestOfWill } from '../session/will.js';

/** Publishes wills: with the permission of who left them, as it is when they are published. */
export class WillPublisher {
  constructor(
    private readonly parts: {
      readonly publisher: Publisher;
      readonly authorization: ClientAuthorization;
    },
  ) {}

  publish(will: MqttWill, principal: Principal, clientId: string, done: (error?: MqttError) => void): void {
    const { publisher, authorization } = this.parts;
    const { topic, qos, retain } = will;
    if (!authorization.mayPublish({ principal, clientId }, topic, qos, retain)) {
      done(new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no permission for the topic of the will any more'));
      return;
    }
    publisher.publish(publishRequestOfWill(will, principal.tenant, clientId), done);
  }
}
