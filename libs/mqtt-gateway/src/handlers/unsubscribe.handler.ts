import { MqttReasonCode, noProperties, type UnsubscribePacket } from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';
import { isSystemFilter } from '../system-topics/system-topics.js';

/** UNSUBACK when nothing more is delivered for them; what is on its way is finished [MQTT-3.10.4-3]. */
export function handleUnsubscribe({ packetId, filters }: UnsubscribePacket, client: MqttClient): void {
  // What is unsubscribed from was in it.
  const { services, session, tenant, room } = client;
  const reasonCodes: number[] = [];
  let waiting = filters.length;
  for (const [index, filter] of filters.entries()) {
    session.store.unsubscribe(filter, (error, existed) => {
      reasonCodes[index] = codeOf(error !== undefined, existed);
      room.give(filter);
      if (--waiting > 0 || client.closed) return;
      client.send({ type: 'unsuback', packetId, reasonCodes, properties: noProperties });
    });
    if (isSystemFilter(filter)) services.system.unfollow(tenant.name, session, filter);
    else client.replay.remove(filter);
  }
}

function codeOf(failed: boolean, existed: boolean): number {
  if (failed) return MqttReasonCode.UNSPECIFIED_ERROR;
  return existed ? MqttReasonCode.SUCCESS : MqttReasonCode.NO_SUBSCRIPTION_EXISTED;
}
