import { describe, expect, it } from '@jest/globals';
import { connackReturnCode, MqttReasonCode, mayCarryReasonCode, mqttReasonCodeName } from './index.js';

describe('reason codes', () => {
  it('have names', () => {
    expect(mqttReasonCodeName(0)).toBe('SUCCESS');
    expect(mqttReasonCodeName(0x8e)).toBe('SESSION_TAKEN_OVER');
    expect(mqttReasonCodeName(0xa2)).toBe('WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED');
    expect(mqttReasonCodeName(0x03)).toBeUndefined();
    const codes = Object.values(MqttReasonCode);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('become return codes where MQTT 3.1.1 has one', () => {
    const returnCodes = [0, 0x84, 0x85, 0x88, 0x89, 0x86, 0x87, 0x8a].map(connackReturnCode);
    expect(returnCodes).toEqual([0, 1, 2, 3, 3, 4, 5, 5]);
    expect(connackReturnCode(MqttReasonCode.MALFORMED_PACKET)).toBeUndefined();
    expect(connackReturnCode(MqttReasonCode.PROTOCOL_ERROR)).toBeUndefined();
  });

  it('are each of some packets', () => {
    expect(mayCarryReasonCode('connack', MqttReasonCode.SERVER_UNAVAILABLE)).toBe(true);
    expect(mayCarryReasonCode('disconnect', MqttReasonCode.SERVER_UNAVAILABLE)).toBe(false);
    expect(mayCarryReasonCode('disconnect', MqttReasonCode.KEEP_ALIVE_TIMEOUT)).toBe(true);
    expect(mayCarryReasonCode('suback', MqttReasonCode.PACKET_TOO_LARGE)).toBe(false);
    expect(mayCarryReasonCode('unsuback', MqttReasonCode.NO_SUBSCRIPTION_EXISTED)).toBe(true);
  });
});
