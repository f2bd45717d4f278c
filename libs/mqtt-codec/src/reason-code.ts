import type { MqttSender } from './protocol-level.js';

/** All reason codes of MQTT 5 (section 2.4); below 0x80 is success. */
export const MqttReasonCode = {
  SUCCESS: 0x00,
  GRANTED_QOS_1: 0x01,
  GRANTED_QOS_2: 0x02,
  DISCONNECT_WITH_WILL_MESSAGE: 0x04,
  NO_MATCHING_SUBSCRIBERS: 0x10,
  NO_SUBSCRIPTION_EXISTED: 0x11,
  CONTINUE_AUTHENTICATION: 0x18,
  RE_AUTHENTICATE: 0x19,
  UNSPECIFIED_ERROR: 0x80,
  MALFORMED_PACKET: 0x81,
  PROTOCOL_ERROR: 0x82,
  IMPLEMENTATION_SPECIFIC_ERROR: 0x83,
  UNSUPPORTED_PROTOCOL_VERSION: 0x84,
  CLIENT_IDENTIFIER_NOT_VALID: 0x85,
  BAD_USER_NAME_OR_PASSWORD: 0x86,
  NOT_AUTHORIZED: 0x87,
  SERVER_UNAVAILABLE: 0x88,
  SERVER_BUSY: 0x89,
  BANNED: 0x8a,
  SERVER_SHUTTING_DOWN: 0x8b,
  BAD_AUTHENTICATION_METHOD: 0x8c,
  KEEP_ALIVE_TIMEOUT: 0x8d,
  SESSION_TAKEN_OVER: 0x8e,
  TOPIC_FILTER_INVALID: 0x8f,
  TOPIC_NAME_INVALID: 0x90,
  PACKET_IDENTIFIER_IN_USE: 0x91,
  PACKET_IDENTIFIER_NOT_FOUND: 0x92,
  RECEIVE_MAXIMUM_EXCEEDED: 0x93,
  TOPIC_ALIAS_INVALID: 0x94,
  PACKET_TOO_LARGE: 0x95,
  MESSAGE_RATE_TOO_HIGH: 0x96,
  QUOTA_EXCEEDED: 0x97,
  ADMINISTRATIVE_ACTION: 0x98,
  PAYLOAD_FORMAT_INVALID: 0x99,
  RETAIN_NOT_SUPPORTED: 0x9a,
  QOS_NOT_SUPPORTED: 0x9b,
  USE_ANOTHER_SERVER: 0x9c,
  SERVER_MOVED: 0x9d,
  SHARED_SUBSCRIPTIONS_NOT_SUPPORTED: 0x9e,
  CONNECTION_RATE_EXCEEDED: 0x9f,
  MAXIMUM_CONNECT_TIME: 0xa0,
  SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: 0xa1,
  WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED: 0xa2,
} as const;

export type MqttReasonCodeName = keyof typeof MqttReasonCode;

const names = new Map<number, MqttReasonCodeName>(
  Object.entries(MqttReasonCode).map(([name, code]) => [code, name as MqttReasonCodeName]),
);

/** For logs and metrics; undefined where the code does not exist. */
export function mqttReasonCodeName(code: number): MqttReasonCodeName | undefined {
  return names.get(code);
}

/** Return codes of CONNACK in MQTT 3.1 and 3.1.1 (section 3.2.2.3). */
export const MqttConnectReturnCode = {
  ACCEPTED: 0,
  UNACCEPTABLE_PROTOCOL_VERSION: 1,
  IDENTIFIER_REJECTED: 2,
  SERVER_UNAVAILABLE: 3,
  BAD_USER_NAME_OR_PASSWORD: 4,
  NOT_AUTHORIZED: 5,
} as const;

const returnCodes = new Map<number, number>([
  [MqttReasonCode.SUCCESS, MqttConnectReturnCode.ACCEPTED],
  [MqttReasonCode.UNSUPPORTED_PROTOCOL_VERSION, MqttConnectReturnCode.UNACCEPTABLE_PROTOCOL_VERSION],
  [MqttReasonCode.CLIENT_IDENTIFIER_NOT_VALID, MqttConnectReturnCode.IDENTIFIER_REJECTED],
  [MqttReasonCode.SERVER_UNAVAILABLE, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.SERVER_BUSY, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.USE_ANOTHER_SERVER, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.SERVER_MOVED, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.QUOTA_EXCEEDED, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.CONNECTION_RATE_EXCEEDED, MqttConnectReturnCode.SERVER_UNAVAILABLE],
  [MqttReasonCode.BAD_USER_NAME_OR_PASSWORD, MqttConnectReturnCode.BAD_USER_NAME_OR_PASSWORD],
  [MqttReasonCode.NOT_AUTHORIZED, MqttConnectReturnCode.NOT_AUTHORIZED],
  [MqttReasonCode.BANNED, MqttConnectReturnCode.NOT_AUTHORIZED],
]);

/**
 * What CONNACK says in MQTT 3.1 and 3.1.1 for a reason code of MQTT 5. Undefined: they have no word for it, the connection
 * is closed without a CONNACK [MQTT-3.2.2-6 of 3.1.1].
 */
export function connackReturnCode(reasonCode: number): number | undefined {
  return returnCodes.get(reasonCode);
}

/** What SUBACK says in MQTT 3.1 and 3.1.1 for a reason code of MQTT 5 [MQTT-3.9.3-2 of 3.1.1]. */
export function subackReturnCode(reasonCode: number): number {
  return Math.min(reasonCode, 0x80);
}

/** A set of codes as a table of 256 bytes. */
function codeSet(codes: readonly number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const code of codes) set[code] = 1;
  return set;
}

const both = [0x00, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
const serverOnly = [
  ...[0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f],
  ...[0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2],
];
const publishCodes = codeSet([0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const releaseCodes = codeSet([0x00, 0x92]);
const connackCodes = codeSet([
  ...[0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c],
  ...[0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f],
]);
const disconnectCodes = { client: codeSet([...both, 0x04]), server: codeSet([...both, ...serverOnly]) };
const authCodes = { client: codeSet([0x18, 0x19]), server: codeSet([0x00, 0x18]) };

/** Which reason codes a packet of MQTT 5 may carry, by who sends it. */
export const reasonCodesOf = {
  connack: () => connackCodes,
  puback: () => publishCodes,
  pubrec: () => publishCodes,
  pubrel: () => releaseCodes,
  pubcomp: () => releaseCodes,
  disconnect: (sender: MqttSender) => disconnectCodes[sender],
  auth: (sender: MqttSender) => authCodes[sender],
} as const;

export const subackCodes = codeSet([0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]);
export const subackReturnCodes = codeSet([0, 1, 2, 0x80]);
export const unsubackCodes = codeSet([0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]);

/** Whether a packet of a server may carry a reason code in MQTT 5. */
export function mayCarryReasonCode(
  packet: keyof typeof reasonCodesOf | 'suback' | 'unsuback',
  reasonCode: number,
): boolean {
  if (packet === 'suback') return subackCodes[reasonCode] === 1;
  if (packet === 'unsuback') return unsubackCodes[reasonCode] === 1;
  return reasonCodesOf[packet]('server')[reasonCode] === 1;
}
