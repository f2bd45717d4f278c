import { Buffer } from 'node:buffer';
import type { MqttWillMessage } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import type { PublishRequest } from '../publishing/publisher.js';
import type { MqttWill } from './session-directory.js';

/** @param delaySecondsMax longer delays are cut */
export function willOf(message: MqttWillMessage, delaySecondsMax: number): MqttWill {
  const { topic, payload, qos, retain, properties } = message;
  const { willDelayIntervalSeconds, messageExpiryIntervalSeconds, ...travelling } = properties;
  return {
    ...{
      topic,
      payload: Buffer.from(payload),
      qos,
      retain,
      properties: travelling,
      messageExpiryIntervalSeconds,
    },
    willDelayIntervalSeconds: Math.min(willDelayIntervalSeconds ?? 0, delaySecondsMax),
  };
}

export function publishRequestOfWill(will: MqttWill, tenant: Tenant, clientId: string): PublishRequest {
  const { topic, payload, qos, retain, properties, messageExpiryIntervalSeconds } = will;
  return { tenant, clientId, topic, payload, qos, retain, properties, messageExpiryIntervalSeconds };
}
