import type { Principal } from '#libs/auth';
import type { MqttAuthorization } from '../authorization/mqtt-authorization.js';
import type { MqttError } from '../mqtt.errors.js';
import type { Publisher } from '../publishing/publisher.js';
import type { MqttWill } from './session-directory.js';
import { publishRequestOfWill } from './will.js';

/** Publishes wills: with the permission of who left them, as it is when they are published. */
export class WillPublisher {
  constructor(
    private readonly parts: {
      readonly publisher: Publisher;
      readonly authorization: MqttAuthorization;
    },
  ) {}

  publish(will: MqttWill, principal: Principal, clientId: string, done: (error?: MqttError) => void): void {
    const { publisher, authorization } = this.parts;
    const { topic, qos, retain } = will;
    const refusal = authorization.of(principal, clientId).mayPublish(topic, qos, retain);
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    publisher.publish(publishRequestOfWill(will, principal.tenant, clientId), done);
  }
}
