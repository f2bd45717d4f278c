/** The version that CONNECT names: 3 = MQTT 3.1, 4 = MQTT 3.1.1, 5 = MQTT 5. */
export type MqttProtocolLevel = 3 | 4 | 5;

export type MqttQos = 0 | 1 | 2;

/** Whose packets these are; some packets, properties and reason codes are allowed to one side only. */
export type MqttSender = 'client' | 'server';

/** As answers to a CONNECT of an unknown level are encoded: MQTT 5 has reason codes, what was before has return codes. */
export function answerLevel(level: number): MqttProtocolLevel {
  // A bridge sets bit 7 and tries again without it when it is refused in the form of the level below.
  return (level & 0x7f) >= 5 ? 5 : 4;
}
