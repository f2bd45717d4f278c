import { type AuthPacket, MqttReasonCode } from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';

/** Re-authentication (section 4.12.1): the client goes on as who it was until it has proven who it is. */
export function handleAuth(packet: AuthPacket, client: MqttClient): void {
  void client.authentication.next(packet).then((step) => {
    if (client.closed) return;
    if (step.kind === 'deny') client.refuse(step.error);
    else if (step.kind === 'continue') client.send(step.packet);
    else {
      client.renewed();
      client.send({ type: 'auth', reasonCode: MqttReasonCode.SUCCESS, properties: step.properties });
    }
  });
}
