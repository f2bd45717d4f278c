import { type DisconnectPacket, MqttReasonCode } from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';
import { MqttError } from '../mqtt.errors.js';

/** Only 0x00 discards the will [MQTT-3.14.4-3]. @throws MqttError: a session that ends now cannot be kept after all */
export function handleDisconnect({ reasonCode, properties }: DisconnectPacket, client: MqttClient): void {
  const { sessionExpiryIntervalSeconds: wanted } = properties;
  if (wanted !== undefined && wanted > 0 && client.sessionExpirySeconds === 0) {
    throw new MqttError(
      MqttReasonCode.PROTOCOL_ERROR,
      'session expiry in DISCONNECT, which was 0 in CONNECT',
    );
  }
  const { sessionExpirySecondsMax } = client.services.options;
  client.disconnected({
    normal: reasonCode === MqttReasonCode.SUCCESS,
    sessionExpirySeconds: wanted === undefined ? undefined : Math.min(wanted, sessionExpirySecondsMax),
  });
}
