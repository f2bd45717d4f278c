import { Buffer } from 'node:buffer';
import type { MqttMessageProperties } from '../../message.js';

/** A message's properties in JSON; absent ones are left out. */
export interface StoredProperties {
  readonly f?: 0 | 1;
  readonly ct?: string;
  readonly rt?: string;
  /** base64 */
  readonly cd?: string;
  readonly up?: readonly (readonly [string, string])[];
}

/** Of messages that have none: one object for all. */
const noProperties: MqttMessageProperties = Object.freeze({});

export function storedProperties(properties: MqttMessageProperties): StoredProperties | undefined {
  const { payloadFormatIndicator: f, contentType: ct, responseTopic: rt, userProperties: up } = properties;
  const cd = properties.correlationData?.toString('base64');
  const isEmpty = f === undefined && ct === undefined && rt === undefined && cd === undefined;
  if (isEmpty && up === undefined) return undefined;
  return {
    ...(f !== undefined && { f }),
    ...(ct !== undefined && { ct }),
    ...(rt !== undefined && { rt }),
    ...(cd !== undefined && { cd }),
    ...(up !== undefined && { up }),
  };
}

export function messageProperties(stored: StoredProperties | undefined): MqttMessageProperties {
  if (stored === undefined) return noProperties;
  const { f, ct, rt, cd, up } = stored;
  return {
    ...(f !== undefined && { payloadFormatIndicator: f }),
    ...(ct !== undefined && { contentType: ct }),
    ...(rt !== undefined && { responseTopic: rt }),
    ...(cd !== undefined && { correlationData: Buffer.from(cd, 'base64') }),
    ...(up !== undefined && { userProperties: up }),
  };
}
