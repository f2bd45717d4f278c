import { describe, expect, it } from '@jest/globals';
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from './consumer-protocol.js';
import { KafkaDecodeError } from './kafka-codec.errors.js';

/** By kafka-clients 4.1: ConsumerProtocol.serializeSubscription of topic `t`, owned `t-1`, generation 7, rack `r`. */
const subscriptions = [
  '0000' + '00000001' + '000174' + 'ffffffff',
  '0001' + '00000001' + '000174' + 'ffffffff' + '00000001' + '000174' + '00000001' + '00000001',
  '0002' + '00000001' + '000174' + 'ffffffff' + '00000001' + '000174' + '00000001' + '00000001' + '00000007',
  '0003' +
    '00000001' +
    '000174' +
    'ffffffff' +
    '00000001' +
    '000174' +
    '00000001' +
    '00000001' +
    '00000007' +
    '000172',
];

describe('the consumer protocol', () => {
  it.each([0, 1, 2, 3])('has subscriptions of version %i', (version) => {
    const bytes = Buffer.from(subscriptions[version]!, 'hex');
    const subscription = decodeConsumerProtocolSubscription(bytes);
    expect(subscription).toEqual({
      version,
      topics: ['t'],
      userData: null,
      ownedPartitions: version >= 1 ? [{ topic: 't', partitions: [1] }] : [],
      generationId: version >= 2 ? 7 : -1,
      rackId: version >= 3 ? 'r' : null,
    });
    expect(encodeConsumerProtocolSubscription(subscription)).toEqual(bytes);
  });

  it('has assignments', () => {
    const bytes = Buffer.from(
      '0003' + '00000001' + '000174' + '00000002' + '00000000' + '00000002' + '0000000161',
      'hex',
    );
    const assignment = decodeConsumerProtocolAssignment(bytes);
    expect(assignment).toEqual({
      version: 3,
      assignedPartitions: [{ topic: 't', partitions: [0, 2] }],
      userData: Buffer.from('a'),
    });
    expect(encodeConsumerProtocolAssignment(assignment)).toEqual(bytes);
  });

  it('reads a newer version as the newest that it knows', () => {
    const newer = Buffer.from(`${subscriptions[3]!.replace(/^0003/, '0009')}ffff`, 'hex');
    expect(decodeConsumerProtocolSubscription(newer)).toMatchObject({ version: 3, rackId: 'r' });
  });

  it('refuses what ends too early or counts too much', () => {
    const whole = Buffer.from(subscriptions[3]!, 'hex');
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeConsumerProtocolSubscription(whole.subarray(0, end))).toThrow(KafkaDecodeError);
    }
    const many = Buffer.from('00007fffffff', 'hex');
    expect(() => decodeConsumerProtocolSubscription(many)).toThrow(KafkaDecodeError);
    expect(() => decodeConsumerProtocolAssignment(many)).toThrow(KafkaDecodeError);
  });
});
