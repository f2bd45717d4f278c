import type { ConnackPacket, ConnectPacket, MqttPropertiesOf } from '#libs/mqtt-codec';
import { MqttReasonCode, noProperties } from '#libs/mqtt-codec';
import type { MqttOptions } from '../mqtt.options.js';

export interface Acceptance {
  readonly clientId: string;
  readonly assigned: boolean;
  readonly sessionPresent: boolean;
  readonly sessionExpirySeconds: number;
  /** 0: none. */
  readonly keepAliveSeconds: number;
  /** Whether the client may subscribe to a filter. */
  readonly maySubscribe: (filter: string) => boolean;
  readonly authentication: Pick<MqttPropertiesOf<'connack'>, 'authenticationMethod' | 'authenticationData'>;
}

/**
 * CONNACK that accepts. It says what differs from what the client asked for, and from what holds without being said: all of
 * QoS 2, retain, wildcards, subscription identifiers and shared subscriptions are on, which is what their absence means
 * (section 3.2.2.3).
 */
export function connackOf(
  connect: ConnectPacket,
  acceptance: Acceptance,
  options: MqttOptions,
): ConnackPacket {
  const { clientId, assigned, sessionPresent, sessionExpirySeconds, keepAliveSeconds } = acceptance;
  const packet = { type: 'connack', sessionPresent, reasonCode: MqttReasonCode.SUCCESS } as const;
  if (connect.protocolLevel < 5) return { ...packet, properties: noProperties };
  const wanted = connect.properties.sessionExpiryIntervalSeconds ?? 0;
  const { receiveMaximum, packetBytesMax, topicAliasMaximum } = options;
  const properties: MqttPropertiesOf<'connack'> = {
    sessionExpiryIntervalSeconds: sessionExpirySeconds === wanted ? undefined : sessionExpirySeconds,
    receiveMaximum,
    maximumPacketSizeBytes: packetBytesMax,
    assignedClientIdentifier: assigned ? clientId : undefined,
    topicAliasMaximum: topicAliasMaximum === 0 ? undefined : topicAliasMaximum,
    serverKeepAliveSeconds: keepAliveSeconds === connect.keepAliveSeconds ? undefined : keepAliveSeconds,
    responseInformation: responseInformationOf(connect, acceptance, options),
    ...acceptance.authentication,
  };
  return { ...packet, properties };
}

/**
 * Only for who asks [MQTT-3.1.2-28]; a client id with a wildcard or a level of its own has no place in a topic, and answers
 * that the client may not read are of no use.
 */
function responseInformationOf(
  connect: ConnectPacket,
  { clientId, maySubscribe }: Acceptance,
  { responseInformation }: MqttOptions,
): string | undefined {
  if (connect.properties.requestResponseInformation !== true || responseInformation === '') return undefined;
  if (responseInformation.includes('%c') && /[+#/]/.test(clientId)) return undefined;
  const told = responseInformation.replaceAll('%c', () => clientId);
  return maySubscribe(told.endsWith('/') ? `${told}#` : `${told}/#`) ? told : undefined;
}
