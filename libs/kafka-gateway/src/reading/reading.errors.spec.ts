import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarAdminError, PulsarError } from '#libs/pulsar';
import { kafkaErrorCode } from '../kafka.errors.js';
import { readErrorCode } from './reading.errors.js';

describe('a read that fails', () => {
  it.each([
    [
      'a broker that stops',
      new PulsarAdminError(412, 'Failed to find ownership for topic:persistent://a/b/c', 'GET'),
    ],
    ['a broker that is busy', new PulsarAdminError(503, 'busy', 'GET')],
    ['a connection that ends', new PulsarError('Disconnected', 'the broker is gone')],
  ])('by %s is tried again by consumers, which would end by any other code', (_, error) => {
    expect(readErrorCode(error)).toBe(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(kafkaErrorCode(error)).toBe(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('by what stays as it is ends them', () => {
    const policy = new PulsarAdminError(412, 'Namespace policies forbid it', 'PUT');
    expect(readErrorCode(policy)).toBe(KafkaErrorCode.UNKNOWN_SERVER_ERROR);
    expect(kafkaErrorCode(policy)).toBe(KafkaErrorCode.POLICY_VIOLATION);
  });
});
