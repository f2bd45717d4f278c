import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  alterConfigsApi,
  createTopicsApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { KafkaProtocol } from '../kafka.protocol.js';
import type { KafkaClient } from '../testing/kafka-client.js';
import { PulsarBed, rule } from '../testing/pulsar-bed.js';

const bed = new PulsarBed('t-configs');
const { admin } = bed.pulsar;
const pulsarTopic = (name: string) => bed.pulsarTopic(name);

const [topicType, brokerType] = [2, 4];
const [set, remove, append, subtract] = [0, 1, 2, 3];
const [dynamicTopic, staticBroker, byDefault] = [1, 4, 5];
const versionsOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const day = 24 * 60;

let gateway: KafkaProtocol;
let kafka: KafkaClient;

beforeAll(async () => {
  await bed.open({ retention_policies: { retentionTimeInMinutes: 2 * day, retentionSizeInMB: -1 } });
  const rules = [rule('allow', 'topic', ''), rule('deny', 'topic', 'hidden.'), rule('allow', 'cluster', '')];
  gateway = bed.newGateway(rules, { compactionThresholdBytes: 4_096 });
  kafka = bed.clientOf(gateway);
});

afterAll(() => bed.close());

async function create(name: string, configs: Record<string, string> = {}) {
  const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const topic = { name, numPartitions: 1, replicationFactor: 1, configs: entries };
  const { topics } = await kafka.call(createTopicsApi, 7, { topics: [topic], timeoutMs: 10_000 });
  expect(topics[0]).toMatchObject({ errorCode: 0 });
}

/** `name: [value, source]` of everything that is described. */
async function described(name: string, client = kafka) {
  const { results } = await client.call(describeConfigsApi, 4, {
    resources: [{ resourceType: topicType, resourceName: name, configurationKeys: null }],
  });
  expect(results[0]).toMatchObject({ errorCode: 0 });
  return Object.fromEntries(
    results[0]!.configs.map((config) => [config.name, [config.value, config.configSource]]),
  );
}

type Change = readonly [name: string, operation: number | undefined, value: string | null];

async function alter(name: string, changes: readonly Change[], validateOnly = false, client = kafka) {
  const configs = changes.map(([config, configOperation, value]) => ({
    name: config,
    configOperation: configOperation!,
    value,
  }));
  const { responses } = await client.call(incrementalAlterConfigsApi, 1, {
    resources: [{ resourceType: topicType, resourceName: name, configs }],
    validateOnly,
  });
  expect(responses).toHaveLength(1);
  return responses[0]!.errorCode;
}

describe('DescribeConfigs', () => {
  it('tells what acts on a topic that has nothing of its own, and where it comes from', async () => {
    await create('plain');
    expect(await described('plain')).toEqual({
      'cleanup.policy': ['delete', byDefault],
      'compression.type': ['producer', byDefault],
      'max.message.bytes': ['1000000', staticBroker],
      'message.timestamp.type': ['CreateTime', byDefault],
      'min.insync.replicas': ['1', byDefault],
      'retention.bytes': ['-1', staticBroker],
      'retention.ms': [String(2 * day * 60_000), staticBroker],
      'unclean.leader.election.enable': ['false', byDefault],
    });
  });

  it('tells what somebody set in Pulsar itself, on the topic or on the namespace', async () => {
    await create('native', { 'retention.ms': '3600000' });
    expect((await described('native'))['retention.ms']).toEqual(['3600000', dynamicTopic]);
    const retention = { retentionTimeInMinutes: 7, retentionSizeInMB: 3 };
    await admin.setTopicRetention(pulsarTopic('native'), retention);
    const until = Date.now() + 5_000;
    let seen = await described('native');
    while (seen['retention.ms']![0] === '3600000' && Date.now() < until) seen = await described('native');
    expect(seen['retention.ms']).toEqual(['420000', dynamicTopic]);
    expect(seen['retention.bytes']).toEqual([String(3 * 1024 * 1024), dynamicTopic]);
    // What is changed next starts from there.
    expect(await alter('native', [['retention.ms', set, '60000']])).toBe(0);
    expect(await admin.topicRetention(pulsarTopic('native'))).toEqual({
      retentionTimeInMinutes: 1,
      retentionSizeInMB: 3,
    });
  });

  it.each(versionsOf(0, 4))('v%i gives what the version has room for', async (version) => {
    if (version === 0) await create('fields', { 'retention.ms': '60000' });
    const { results } = await kafka.call(describeConfigsApi, version, {
      resources: [
        {
          resourceType: topicType,
          resourceName: 'fields',
          configurationKeys: ['retention.ms', 'cleanup.policy', 'no.such'],
        },
      ],
      ...(version >= 1 && { includeSynonyms: true }),
      ...(version >= 3 && { includeDocumentation: true }),
    });
    const [policy, retention] = results[0]!.configs;
    expect(results[0]!.configs).toHaveLength(2);
    expect(policy).toMatchObject({ name: 'cleanup.policy', value: 'delete', isDefault: version === 0 });
    expect(retention).toMatchObject({
      name: 'retention.ms',
      value: '60000',
      isDefault: false,
      readOnly: false,
    });
    if (version === 0) return;
    expect(policy!.synonyms).toEqual([{ name: 'log.cleanup.policy', value: 'delete', source: byDefault }]);
    expect(retention!.synonyms).toEqual([
      { name: 'retention.ms', value: '60000', source: dynamicTopic },
      { name: 'log.retention.ms', value: String(2 * day * 60_000), source: staticBroker },
    ]);
    if (version < 3) return;
    expect([policy!.configType, retention!.configType]).toEqual([7, 5]);
    expect(retention!.documentation).toContain('minutes');
  });

  it("shows this gateway's settings as a broker's, read-only, and nobody else's", async () => {
    const broker = (resourceName: string) => ({
      resourceType: brokerType,
      resourceName,
      configurationKeys: null,
    });
    const { results } = await kafka.call(describeConfigsApi, 4, {
      resources: [broker('5'), broker('6'), broker(''), { ...broker('x'), resourceType: 16 }],
    });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      0,
      KafkaErrorCode.INVALID_REQUEST,
      0,
      KafkaErrorCode.INVALID_REQUEST,
    ]);
    const values = Object.fromEntries(results[0]!.configs.map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({
      'broker.id': '5',
      'message.max.bytes': '1000000',
      'num.partitions': '2',
      'auto.create.topics.enable': 'false',
      'advertised.listeners': 'KAFKA://kafka.example:9999',
    });
    expect(results[0]!.configs.every(({ readOnly }) => readOnly)).toBe(true);
    expect(results[2]!.configs).toEqual([]);
  });
});

describe('IncrementalAlterConfigs', () => {
  it("reaches Pulsar's policies before it is answered, and is undone by DELETE", async () => {
    await create('kept');
    expect(
      await alter('kept', [
        ['retention.ms', set, '7200000'],
        ['max.message.bytes', set, '2000'],
      ]),
    ).toBe(0);
    expect(await admin.topicRetention(pulsarTopic('kept'))).toEqual({
      retentionTimeInMinutes: 120,
      retentionSizeInMB: -1,
    });
    const seen = await described('kept');
    expect(seen['retention.ms']).toEqual(['7200000', dynamicTopic]);
    expect(seen['retention.bytes']).toEqual(['-1', staticBroker]);
    expect(seen['max.message.bytes']).toEqual(['2000', dynamicTopic]);
    const topic = await gateway.services.topics.resolve(bed.tenant, 'kept');
    expect(topic!.config.messageBytesMax).toBe(2_000);
    expect(
      await alter('kept', [
        ['retention.ms', remove, null],
        ['max.message.bytes', remove, null],
        ['retention.bytes', remove, null],
      ]),
    ).toBe(0);
    expect(await admin.topicRetention(pulsarTopic('kept'))).toBeUndefined();
    expect((await described('kept'))['max.message.bytes']).toEqual(['1000000', staticBroker]);
    const properties = Object.keys(await admin.properties(pulsarTopic('kept')));
    expect(properties).toEqual(['pulsegate.kafka.topic-id']);
  });

  it('takes as much as Kafka does', async () => {
    await create('endless');
    const most = String(2n ** 63n - 1n);
    const hundredYears = String(36_500 * day * 60_000);
    expect(await alter('endless', [['retention.ms', set, most]])).toBe(0);
    expect((await described('endless'))['retention.ms']).toEqual([most, dynamicTopic]);
    expect(await alter('endless', [['retention.ms', set, hundredYears]])).toBe(0);
    expect((await described('endless'))['retention.ms']).toEqual([hundredYears, dynamicTopic]);
    // The most that Pulsar itself takes.
    const counted: Change[] = [
      ['retention.ms', set, String(35_791_394 * 60_000)],
      ['retention.bytes', set, String(0x7fffffff * 1024 * 1024)],
    ];
    expect(await alter('endless', counted)).toBe(0);
    expect(await admin.topicRetention(pulsarTopic('endless'))).toEqual({
      retentionTimeInMinutes: 35_791_394,
      retentionSizeInMB: 0x7fffffff,
    });
  });

  it('adds to and takes from cleanup.policy, and Pulsar compacts accordingly', async () => {
    await create('policy', { 'retention.ms': '60000' });
    const threshold = () => admin.topicCompactionThreshold(pulsarTopic('policy'));
    expect(await alter('policy', [['cleanup.policy', append, 'compact']])).toBe(0);
    expect((await described('policy'))['cleanup.policy']).toEqual(['delete,compact', dynamicTopic]);
    expect(await threshold()).toBe(4_096);
    expect((await admin.topicRetention(pulsarTopic('policy')))?.retentionTimeInMinutes).toBe(1);
    expect(await alter('policy', [['cleanup.policy', subtract, 'delete']])).toBe(0);
    expect((await described('policy'))['cleanup.policy']).toEqual(['compact', dynamicTopic]);
    expect((await described('policy'))['retention.ms']).toEqual(['60000', dynamicTopic]);
    // Without delete the last record of a key stays for ever.
    expect((await admin.topicRetention(pulsarTopic('policy')))?.retentionTimeInMinutes).toBe(-1);
    expect(await alter('policy', [['cleanup.policy', subtract, 'compact']])).toBe(
      KafkaErrorCode.INVALID_CONFIG,
    );
    expect(await alter('policy', [['cleanup.policy', remove, null]])).toBe(0);
    expect(await threshold()).toBeUndefined();
    expect((await admin.topicRetention(pulsarTopic('policy')))?.retentionTimeInMinutes).toBe(1);
  });

  it('changes nothing when it is only to validate, or when one of several is wrong', async () => {
    await create('untouched');
    const before = await described('untouched');
    expect(await alter('untouched', [['retention.ms', set, '60000']], true)).toBe(0);
    const faults: [Change[], number][] = [
      [[['retention.ms', set, 'week']], KafkaErrorCode.INVALID_CONFIG],
      [
        [
          ['retention.ms', set, '60000'],
          ['segment.ms', set, '60000'],
        ],
        KafkaErrorCode.INVALID_CONFIG,
      ],
      [[['no.such', remove, null]], KafkaErrorCode.INVALID_CONFIG],
      [[['compression.type', set, 'gzip']], KafkaErrorCode.INVALID_CONFIG],
      [[['retention.ms', append, '1']], KafkaErrorCode.INVALID_CONFIG],
      [[['retention.ms', set, null]], KafkaErrorCode.INVALID_REQUEST],
      [[['retention.ms', 4, '1']], KafkaErrorCode.INVALID_REQUEST],
      [
        [
          ['retention.ms', set, '1'],
          ['retention.ms', remove, null],
        ],
        KafkaErrorCode.INVALID_REQUEST,
      ],
    ];
    for (const [changes, code] of faults) {
      expect(await alter('untouched', changes)).toBe(code);
      expect(await alter('untouched', changes, true)).toBe(code);
    }
    expect(await described('untouched')).toEqual(before);
  });

  it('refuses each resource for itself', async () => {
    await create('good');
    const configs = [{ name: 'retention.ms', configOperation: set!, value: '60000' }];
    const resource = (resourceType: number, resourceName: string) => ({
      resourceType,
      resourceName,
      configs,
    });
    const { responses } = await kafka.call(incrementalAlterConfigsApi, 1, {
      resources: [
        resource(topicType, 'good'),
        resource(topicType, 'absent'),
        resource(topicType, 'hidden.topic'),
        resource(topicType, 'a/b'),
        resource(topicType, 'twice'),
        resource(topicType, 'twice'),
        resource(brokerType, '5'),
        resource(16, 'metrics'),
      ],
    });
    expect(responses.map(({ resourceName, errorCode }) => [resourceName, errorCode])).toEqual([
      ['good', 0],
      ['absent', KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      ['hidden.topic', KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED],
      ['a/b', KafkaErrorCode.INVALID_TOPIC_EXCEPTION],
      ['twice', KafkaErrorCode.INVALID_REQUEST],
      ['5', KafkaErrorCode.INVALID_CONFIG],
      ['metrics', KafkaErrorCode.INVALID_REQUEST],
    ]);
  });

  it('makes changes that come at the same time one after the other', async () => {
    await create('crowd');
    const names = ['retention.ms', 'retention.bytes', 'max.message.bytes', 'segment.bytes'];
    const results = await Promise.all(
      names.map((name) => alter('crowd', [[name, set, '1048576']], false, bed.clientOf(gateway))),
    );
    expect(results).toEqual([0, 0, 0, 0]);
    const seen = await described('crowd');
    for (const name of names) expect(seen[name]).toEqual(['1048576', dynamicTopic]);
  });
});

describe('AlterConfigs', () => {
  it.each(versionsOf(0, 2))('v%i leaves what is given and nothing else', async (version) => {
    const name = `replaced-v${version}`;
    await create(name, { 'retention.ms': '60000', 'max.message.bytes': '5000' });
    const { responses } = await kafka.call(alterConfigsApi, version, {
      resources: [
        {
          resourceType: topicType,
          resourceName: name,
          configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
        },
      ],
    });
    expect(responses).toMatchObject([{ errorCode: 0, resourceName: name }]);
    const own = Object.entries(await described(name)).filter(([, [, source]]) => source === dynamicTopic);
    expect(own).toEqual([['message.timestamp.type', ['LogAppendTime', dynamicTopic]]]);
    expect(await admin.topicRetention(pulsarTopic(name))).toBeUndefined();
  });
});

describe('permissions', () => {
  it('are asked for before anything is looked up', async () => {
    const reader = bed.clientOf(bed.newGateway([rule('allow', 'topic', '', 'describe')]));
    expect(await alter('absent', [['retention.ms', set, '1']], false, reader)).toBe(
      KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
    );
    const { results } = await reader.call(describeConfigsApi, 4, {
      resources: [
        { resourceType: brokerType, resourceName: '5', configurationKeys: null },
        { resourceType: topicType, resourceName: 'absent', configurationKeys: null },
      ],
    });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED,
      KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
  });
});
