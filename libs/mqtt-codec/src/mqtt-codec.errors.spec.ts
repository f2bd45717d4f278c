import { describe, expect, it } from '@jest/globals';
import {
  connackReturnCode,
  encodeConnack,
  encodeDisconnect,
  MqttDecodeError,
  type MqttDecodeErrorCode,
} from './index.js';

const codes: readonly MqttDecodeErrorCode[] = [
  ...(['malformed-packet', 'protocol-error', 'topic-filter-invalid', 'topic-name-invalid'] as const),
  ...(['topic-alias-invalid', 'packet-too-large', 'quota-exceeded'] as const),
];

describe('MqttDecodeError', () => {
  it.each(codes)('%s can be said in DISCONNECT', (code) => {
    const { reasonCode } = new MqttDecodeError(code, 'MQTT-0.0.0-0', 'fault');
    const disconnect = { type: 'disconnect', reasonCode, properties: {} } as const;
    expect(encodeDisconnect(disconnect, 5)).toHaveLength(3);
  });

  it.each([
    ['malformed-packet', undefined],
    ['protocol-error', undefined],
    ['topic-name-invalid', undefined],
    ['unsupported-protocol-version', 1],
    ['client-identifier-not-valid', 2],
  ] as [MqttDecodeErrorCode, number | undefined][])('%s can be said in CONNACK', (code, returnCode) => {
    const { reasonCode } = new MqttDecodeError(code, 'MQTT-0.0.0-0', 'fault');
    const connack = { type: 'connack', sessionPresent: false, reasonCode, properties: {} } as const;
    expect(encodeConnack(connack, 5)).toHaveLength(5);
    expect(connackReturnCode(reasonCode)).toBe(returnCode);
  });
});
