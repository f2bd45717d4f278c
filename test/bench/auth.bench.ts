// Kafka's ProducerPerformance through a gateway that asks for permission, against one that does not
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KafkaErrorCode, metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { KafkaSocket } from '../support/kafka-socket.js';
import { newTopic, say, startBenchPulsar } from './bench-place.js';
import { producerPerformance, resolveKafkaTools } from './kafka-tools.js';
import { Report } from './report.js';

const records = Number(process.env.PULSEGATE_BENCH_RECORDS ?? 400_000);
const pairs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 7);
const ratioMin = 0.97;
const password = 'secret-of-alice';
const namespace = 'bench/auth';

/** What a tenant may have: groups, prefixes, patterns, placeholders, and a deny that concerns every request. */
const permissions = [
  ...Array.from({ length: 100 }, (_, at) => ({
    principals: [`group:team-${at % 4}`],
    actions: ['produce', 'describe'],
    resource: { type: 'topic', match: 'prefix', name: `team-${at}.` },
  })),
  {
    principals: ['*'],
    actions: ['*'],
    resource: { type: 'topic', match: 'prefix', name: 'home.%u.' },
  },
  {
    effect: 'deny',
    principals: ['*'],
    actions: ['*'],
    resource: { type: '*', match: 'pattern', name: '*secret*' },
  },
  { principals: ['*'], actions: ['*'], resource: { type: 'topic', match: 'prefix', name: 'app.%c.' } },
  {
    principals: ['user:alice'],
    actions: ['produce'],
    resource: { type: 'topic', match: 'prefix', name: 'bench-' },
  },
];

interface Load {
  readonly name: string;
  readonly records: number;
  readonly recordBytes: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** How the producer fills its requests: with what it has, or with one record each. */
const loads: readonly Load[] = [
  { name: 'full batches', records, recordBytes: 1_024, properties: {} },
  {
    name: 'one record in a request',
    records: Math.floor(records / 10),
    recordBytes: 100,
    properties: { 'batch.size': '1', 'linger.ms': '0' },
  },
];

function gatewayOf(pulsar: { serviceUrl: string; adminUrl: string }, asks: boolean): Promise<TestGateway> {
  const groups = ['team-0', 'team-1', 'team-2', 'team-3'];
  const patch = pathToFileURL(new URL('without-authorization.js', import.meta.url).pathname).href;
  const { serviceUrl, adminUrl } = pulsar;
  return startGateway({
    tenants: [{ name: 'bench', namespace, permissions, users: [{ name: 'alice', password, groups }] }],
    listener: { defaultTenant: 'bench' },
    config: { pulsar: { serviceUrl, adminUrl }, log: { level: 'warn' } },
    ...(!asks && { env: { NODE_OPTIONS: `--import ${patch}` } }),
  });
}

/** Whether alice is refused what no rule allows: that what is compared are two different gateways. */
async function asks({ kafka }: TestGateway): Promise<boolean> {
  const socket = await KafkaSocket.open(kafka);
  await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
  await socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from(`\0alice\0${password}`) });
  const { topics } = await socket.call(metadataApi, 9, { topics: [{ name: 'forbidden' }] });
  socket.destroy();
  return topics[0]?.errorCode === KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED;
}

/** Alice's login, as Kafka's tools read it. */
const loginFile = join(tmpdir(), `pulsegate-bench-${process.pid}.properties`);
const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${password}";`;

async function rate(gateway: TestGateway, topic: string, load: Load): Promise<number> {
  const { recordsPerSecond } = await producerPerformance({
    bootstrap: gateway.kafka,
    topic,
    records: load.records + Math.floor(load.records / 3),
    warmupRecords: Math.floor(load.records / 3),
    recordBytes: load.recordBytes,
    throughput: -1,
    properties: {
      acks: 'all',
      'enable.idempotence': 'false',
      ...load.properties,
    },
    propertiesFile: loginFile,
  });
  return recordsPerSecond;
}

async function main(): Promise<void> {
  resolveKafkaTools();
  const login = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN', `sasl.jaas.config=${jaas}`];
  writeFileSync(loginFile, `${login.join('\n')}\n`);
  const pulsar = await startBenchPulsar();
  const report = new Report();
  const asking = await gatewayOf(pulsar, true);
  const open = await gatewayOf(pulsar, false);
  try {
    if (!(await asks(asking)) || (await asks(open))) throw new Error('permissions are not on and off');
    for (const load of loads) {
      const ratios: number[] = [];
      // Each run has a topic of its own; who comes first changes, so that what grows warm or slow is nobody's.
      const run = async (gateway: TestGateway) =>
        rate(gateway, await newTopic({ pulsar, gateway, namespace }, 1), load);
      say('warming up');
      for (const gateway of [asking, open]) await run(gateway);
      for (let pair = 0; pair < pairs; pair++) {
        const isOpenFirst = pair % 2 === 0;
        const first = await run(isOpenFirst ? open : asking);
        const second = await run(isOpenFirst ? asking : open);
        const [off, on] = isOpenFirst ? [first, second] : [second, first];
        ratios.push(on / off);
        say(`${load.name}: off ${Math.round(off)}/s, on ${Math.round(on)}/s, ratio ${(on / off).toFixed(3)}`);
      }
      report.atLeast(`throughput with permissions / without, ${load.name}`, ratios, ratioMin);
    }
  } finally {
    await Promise.all([asking.stop(), open.stop()]);
    await pulsar.stop();
    rmSync(loginFile);
  }
  report.print();
}

await main();
