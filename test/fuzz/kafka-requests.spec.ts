// Requests of every API and version that is served, whole and damaged, against the gateway's own Kafka front and a real
// Pulsar: whatever comes is answered or ends its connection, and nothing of it stays.
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authenticator, Authorizer } from '#libs/auth';
import {
  type AnyKafkaApi,
  apiVersionsApi,
  createTopicsApi,
  encodeMessageSet,
  encodeRecordBatch,
  encodeRequestFrame,
  kafkaApiByKey,
  produceApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import { KafkaProtocol, kafkaOptionsSchema } from '#libs/kafka-gateway';
import { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { type Log, type LogFields, Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { type InMemoryLink, inMemoryLink } from '#libs/transport';
import { RandomReader } from '../../libs/kafka-codec/generator/random-message.js';
import { KafkaClient } from '../../libs/kafka-gateway/src/testing/kafka-client.js';
import { createPulsarNamespace, testPulsar } from '../support/pulsar.js';
import { allowAll } from '../support/gateway.js';
import { RandomNumbers } from '../support/random-numbers.js';

const durationMs = Number(process.env.PULSEGATE_FUZZ_MS ?? 10_000);
const connectionsMax = 6;
/** Sent on one connection before another takes its place. */
const requestsPerConnection = 40;
/** Heap and buffers after the run over those before it; what a log keeps of what was read is among them. */
const grownBytesMax = 48 * 1024 * 1024;
/** Collections, 100 ms apart: once 52 MB of buffers were counted behind the first, and 9 MB behind the second. */
const settlingsMax = 100;
const topic = 'fuzzed';

/** Zero to three harms: cut, flipped, blown up, removed, filled. */
function damaged(frame: Buffer, random: RandomNumbers): Buffer {
  let bytes = Buffer.from(frame);
  for (let harms = random.below(4); harms > 0 && bytes.length > 4; harms--) {
    // The size in front stays right, so that the request arrives; what is behind it is anybody's.
    const at = 4 + random.below(bytes.length - 4);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const harm = random.below(6);
    if (harm === 0) bytes = Buffer.from(before);
    else if (harm === 1) bytes[at]! ^= 1 << random.below(8);
    else if (harm === 2) bytes = Buffer.concat([before, Buffer.from('7fffffff', 'hex'), after]);
    else if (harm === 3) bytes = Buffer.concat([before, after.subarray(1 + random.below(8))]);
    else if (harm === 4) bytes.fill(0xff, at, Math.min(at + 5, bytes.length));
    else bytes = Buffer.concat([before, bytes.subarray(4, 4 + random.below(200)), after]);
  }
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

function records(version: number, random: RandomNumbers): Buffer {
  const value = Buffer.alloc(random.below(3_000), 'v');
  const headers = [{ key: 'h', value: random.below(2) === 0 ? null : Buffer.from([0xff]) }];
  const some = Array.from({ length: 1 + random.below(5) }, (_, at) => ({
    timestamp: random.of([-1, 0, 1_750_000_000_000, at]),
    key: random.below(2) === 0 ? null : Buffer.from(`k${at}`),
    value: random.below(5) === 0 ? null : value,
    ...(version >= 3 && { headers }),
  }));
  if (version < 3) {
    const compression = random.of([0, 1, 2, 3] as const);
    return encodeMessageSet(some, { magic: version < 2 ? 0 : 1, compression });
  }
  const idempotent = {
    producerId: random.below(3),
    producerEpoch: random.below(2),
    baseSequence: random.below(9),
  };
  const compression = random.of([0, 1, 2, 3, 4] as const);
  return encodeRecordBatch(some, { compression, ...(random.below(2) === 0 && idempotent) });
}

function produceRequest(version: number, topicId: Buffer, random: RandomNumbers): object {
  const partitionData = Array.from({ length: 1 + random.below(3) }, (_, index) => {
    const batch = records(version, random);
    return { index, records: random.below(3) === 0 ? damaged(batch, random) : batch };
  });
  const topicData = [{ name: random.of([topic, topic, topic, 'absent', '../x']), topicId, partitionData }];
  return { transactionalId: null, acks: random.of([-1, 0, 1, 1, 1, 7]), timeoutMs: 5_000, topicData };
}

/** Any request of any API that is served; half of those that decide the most are Produce. */
function anyRequest(
  ranges: Map<AnyKafkaApi, { min: number; max: number }>,
  topicId: Buffer,
  random: RandomNumbers,
) {
  const api = random.below(2) === 0 ? (produceApi as AnyKafkaApi) : random.of([...ranges.keys()]);
  const { min, max } = ranges.get(api)!;
  const version = min + random.below(max - min + 1);
  const sound = api.key === produceApi.key && random.below(4) > 0;
  const body = sound
    ? produceRequest(version, topicId, random)
    : api.decodeRequest(new RandomReader(random.below(2 ** 31)), version);
  const clientId = random.of([null, 'fuzz', '\u0000\u001b[31m']);
  const header = { apiKey: api.key, apiVersion: version, correlationId: random.below(1000), clientId };
  return encodeRequestFrame(header, (writer) => api.encodeRequest(writer, body, version));
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heldBytes(): { heap: number; buffers: number } {
  collectGarbage();
  const { heapUsed: heap, arrayBuffers: buffers } = process.memoryUsage();
  return { heap, buffers };
}

describe('the Kafka front', () => {
  const seed = Number(process.env.PULSEGATE_FUZZ_SEED ?? Date.now() % 1_000_000);
  const random = new RandomNumbers(seed);
  const faults: { fields: LogFields; message: string }[] = [];
  const metrics = new Metrics({ processMetrics: false });
  const ranges = new Map<AnyKafkaApi, { min: number; max: number }>();
  let pulsar: PulsarClient;
  let protocol: KafkaProtocol;
  let topicId: Buffer;

  const open = (): InMemoryLink => inMemoryLink(protocol, { log, counters: metrics.protocol('kafka') });
  const at = () => () => {};
  const log = {
    debug: at(),
    info: at(),
    warn: at(),
    error: (fields: LogFields, message: string) => faults.push({ fields, message }),
  } as Log;

  beforeAll(async () => {
    pulsar = new PulsarClient({ ...testPulsar, log: silentLog });
    const kafka = { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_048_588 };
    const pulsarNamespace = await createPulsarNamespace('fuzz');
    const tenant: Tenant = { name: 'acme', pulsarNamespace, limits: {}, kafka };
    await pulsar.admin.setDeduplication(pulsarNamespace, true);
    const tenants = new TenantDirectory([tenant]);
    const listeners = [{ name: 'kafka', defaultTenant: 'acme', anonymousTenant: 'acme' }];
    // All come from one address, and are to be heard to the end.
    const limits = { failureFloorMs: 5, failuresPerAddressBurst: 1_000_000 };
    // Without users there would be no mechanism to be refused by.
    const users = [{ name: 'alice', tenant: 'acme', password: 'secret-of-alice' }];
    const authenticator = new Authenticator({ users, tenants, listeners, log, ...limits });
    protocol = new KafkaProtocol({
      pulsar,
      authenticator,
      authorizer: new Authorizer([{ tenant: 'acme', rules: [allowAll] }]),
      limits: new RateLimits(tenants),
      options: kafkaOptionsSchema.parse({ produceTimeoutMsMax: 5_000, partitionsMax: 4 }),
      log,
      metrics,
    });
    const client = new KafkaClient(inMemoryLink(protocol, { log }).client);
    const { apiKeys } = await client.call(apiVersionsApi, 0, {});
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      ranges.set(kafkaApiByKey(apiKey) as AnyKafkaApi, { min: minVersion, max: maxVersion });
    }
    const made = await client.call(createTopicsApi, 7, {
      topics: [{ name: topic, numPartitions: 2, replicationFactor: 1 }],
      timeoutMs: 5_000,
    });
    topicId = made.topics[0]!.topicId;
  }, 60_000);
  afterAll(async () => {
    await protocol?.close();
    await pulsar?.close();
  });

  it(
    'answers or closes, whatever it is sent, and keeps nothing',
    async () => {
      const links: { link: InMemoryLink; sent: number; over: boolean }[] = [];
      const opened = new Set<InMemoryLink>();
      const deadline = Date.now() + durationMs;
      const before = heldBytes();
      let sent = 0;
      while (Date.now() < deadline) {
        while (links.length < connectionsMax) {
          const link = open();
          const slot = { link, sent: 0, over: false };
          void link.client.closed.then(() => {
            slot.over = true;
            opened.delete(link);
          });
          links.push(slot);
          opened.add(link);
        }
        const slot = random.of(links);
        const frame = damaged(anyRequest(ranges, topicId, random), random);
        slot.link.client.write(
          random.below(20) === 0 ? frame.subarray(0, random.below(frame.length)) : frame,
        );
        sent++;
        if (++slot.sent >= requestsPerConnection) slot.link.client.end();
        if (slot.over || slot.sent >= requestsPerConnection) links.splice(links.indexOf(slot), 1);
        if (sent % 20 === 0) await delay(1);
      }
      for (const link of opened) link.client.end();
      await Promise.all([...opened].map((link) => link.client.closed));
      links.length = 0;
      const counters = metrics.protocol('kafka');
      for (let waits = 0; counters.requestsInFlight > 0 && waits < 100; waits++) await delay(100);
      const found = { seed, faults, failures: counters.failures, inFlight: counters.requestsInFlight };
      expect(found).toEqual({ seed, faults: [], failures: 0, inFlight: 0 });
      expect(await metrics.exposition()).toMatch(/^pulsegate_kafka_partial_request_bytes 0$/m);
      expect(await metrics.exposition()).toMatch(/^pulsegate_kafka_request_in_flight_bytes 0$/m);
      expect(sent).toBeGreaterThan(500);
      let after = heldBytes();
      const isBounded = () => after.heap + after.buffers - before.heap - before.buffers < grownBytesMax;
      for (let waits = 0; !isBounded() && waits < settlingsMax; waits++) {
        await delay(100);
        after = heldBytes();
      }
      expect({ seed, before, after, isBounded: isBounded() }).toMatchObject({ isBounded: true });
    },
    durationMs + 50_000,
  );

  it('serves a sound request afterwards, and refuses SASL where it is wrong', async () => {
    const client = new KafkaClient(open().client);
    const value = Buffer.from('after');
    const answer = await client.call(produceApi, 9, {
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        {
          name: topic,
          partitionData: [{ index: 0, records: encodeRecordBatch([{ timestamp: 1, key: null, value }]) }],
        },
      ],
    });
    expect(answer.responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 0 });
    const stranger = new KafkaClient(open().client);
    await stranger.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    const refused = await stranger.call(saslAuthenticateApi, 2, { authBytes: Buffer.from('\0a\0b') });
    expect(refused.errorCode).toBe(58);
  });
});
