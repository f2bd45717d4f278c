import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { Tenant } from '#libs/tenancy';
import { fromPulsarTopics, toPulsarTopic } from './topic.mapping.js';
import { fromTopicProperties, toPulsarTopicSettings } from './topic-config.mapping.js';

const tenant = { name: 'acme', pulsarNamespace: 'acme/kafka' } as Tenant;

describe('topic names', () => {
  it('are lists of Pulsar topics without partitions, system topics and what Kafka cannot name', () => {
    const prefix = 'persistent://acme/kafka/';
    const pulsar = [
      'b',
      'a',
      'a-partition-0',
      'a-partition-1',
      '__change_events',
      'pulsegate.x',
      'ü',
      'x:y',
      'b',
    ];
    const other = 'persistent://acme/other/c';
    expect(fromPulsarTopics(tenant, [...pulsar.map((name) => prefix + name), other])).toEqual(['a', 'b']);
    expect(toPulsarTopic(tenant, 'a')).toBe('persistent://acme/kafka/a');
  });
});

describe('topic configurations', () => {
  const settings = (configs: Record<string, string | null>) =>
    toPulsarTopicSettings(Object.entries(configs).map(([name, value]) => ({ name, value })));

  it('become retention, rounded up and never nothing', () => {
    expect(settings({}).retention).toBeUndefined();
    expect(settings({ 'retention.ms': '60001' }).retention).toEqual({
      retentionTimeInMinutes: 2,
      retentionSizeInMB: -1,
    });
    expect(settings({ 'retention.ms': '0', 'retention.bytes': '1' }).retention).toEqual({
      retentionTimeInMinutes: 1,
      retentionSizeInMB: 1,
    });
    expect(settings({ 'retention.bytes': '3145728' }).retention).toEqual({
      retentionTimeInMinutes: 7 * 24 * 60,
      retentionSizeInMB: 3,
    });
    expect(settings({ 'retention.ms': '-1' }).retention).toEqual({
      retentionTimeInMinutes: -1,
      retentionSizeInMB: -1,
    });
  });

  it('are unlimited when they are more than Pulsar can count', () => {
    expect(settings({ 'retention.ms': '9223372036854775807' }).retention).toEqual({
      retentionTimeInMinutes: -1,
      retentionSizeInMB: -1,
    });
    const bytes = settings({ 'retention.ms': '60000', 'retention.bytes': '9223372036854775807' });
    expect(bytes.retention).toEqual({ retentionTimeInMinutes: 1, retentionSizeInMB: -1 });
    const most = 35_791_394;
    const time = (minutes: number) => settings({ 'retention.ms': String(minutes * 60_000) }).retention;
    expect(time(most)?.retentionTimeInMinutes).toBe(most);
    expect(time(most + 1)?.retentionTimeInMinutes).toBe(-1);
  });

  it('make a compacted topic keep everything that compaction keeps', () => {
    const compact = settings({ 'cleanup.policy': 'compact', 'retention.ms': '60000' });
    expect(compact.compacted).toBe(true);
    expect(compact.retention).toEqual({ retentionTimeInMinutes: -1, retentionSizeInMB: -1 });
    const both = settings({ 'cleanup.policy': 'compact,delete', 'retention.ms': '60000' });
    expect(both.compacted).toBe(true);
    expect(both.retention).toEqual({ retentionTimeInMinutes: 1, retentionSizeInMB: -1 });
    expect(settings({ 'cleanup.policy': 'delete' }).compacted).toBe(false);
  });

  it.each([
    [{ 'segment.ms': '1' }],
    [{ 'min.insync.replicas': '2' }],
    [{ 'retention.ms': 'week' }],
    [{ 'retention.ms': '-2' }],
    [{ 'retention.ms': '9223372036854775808' }],
    [{ 'retention.ms': null }],
    [{ 'cleanup.policy': 'shred' }],
    [{ 'cleanup.policy': '' }],
    [{ 'max.message.bytes': '-1' }],
    [{ 'max.message.bytes': '1e3' }],
    [{ 'message.timestamp.type': 'create' }],
    [{ 'compression.type': 'gzip' }],
    [{ constructor: 'x' }],
    [{ __proto__x: 'x' }],
  ])('refuse %j', (configs) => {
    expect(() => settings(configs as Record<string, string | null>)).toThrow(
      expect.objectContaining({ code: KafkaErrorCode.INVALID_CONFIG }),
    );
  });

  it('come back from the properties that they became', () => {
    const { properties } = settings({
      'cleanup.policy': 'compact',
      'max.message.bytes': '2000',
      'message.timestamp.type': 'LogAppendTime',
      'compression.type': 'producer',
    });
    expect(fromTopicProperties(properties, 1_000)).toEqual({
      messageBytesMax: 2_000,
      timestampType: 'append',
      compacted: true,
    });
    expect(fromTopicProperties({}, 1_000)).toEqual({
      messageBytesMax: 1_000,
      timestampType: 'create',
      compacted: false,
    });
    const written = {
      'pulsegate.kafka.max.message.bytes': 'many',
      'pulsegate.kafka.message.timestamp.type': '?',
    };
    expect(fromTopicProperties(written, 1_000).messageBytesMax).toBe(1_000);
  });
});
