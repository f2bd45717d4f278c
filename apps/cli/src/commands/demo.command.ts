import Table from 'cli-table3';
import { runGateway } from '#apps/gateway';
import {
  demoConfig,
  demoFacts,
  demoFile,
  demoPassword,
  type DemoFacts,
  writeDemoFacts,
} from '../demo/demo-settings.js';
import {
  produceWithKafka,
  readFromPulsar,
  type SentRecord,
  type StoredMessage,
} from '../demo/demo-records.js';
import { isPortFree, obtainPulsar } from '../pulsar-standalone/index.js';

export interface DemoOptions {
  readonly once?: boolean;
  readonly serviceUrl?: string;
  readonly adminUrl?: string;
  readonly wipe?: boolean;
  readonly kafkaPort: number;
  readonly adminPort: number;
  readonly pulsarPort: number;
  readonly pulsarAdminPort: number;
}

const recordCount = 8;
/** The broker's clock, by which records are found again, may be that much behind ours. */
const clockDifferenceMsMax = 60_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `pulsegate demo`: Pulsar, the gateway, records that go in by Kafka and come out by Pulsar. */
export async function demoCommand(options: DemoOptions): Promise<number> {
  await requireFreePorts(options);
  const pulsar = await obtainPulsar({
    serviceUrl: options.serviceUrl,
    adminUrl: options.adminUrl,
    wipe: options.wipe,
    binaryPort: options.pulsarPort || undefined,
    httpPort: options.pulsarAdminPort || undefined,
    onProgress: say,
    onUnexpectedEnd: (how) => say(`The embedded Pulsar ended by itself: ${how}`),
  });
  try {
    return await runDemo(options, pulsar);
  } finally {
    say('Stopping Pulsar');
    await pulsar.stop();
  }
}

/** Asked first: it is known at once, and Pulsar takes a while to start. */
async function requireFreePorts(options: DemoOptions): Promise<void> {
  const wanted: [string, number][] = [
    ['--kafka-port', options.kafkaPort],
    ['--admin-port', options.adminPort],
  ];
  if (options.serviceUrl === undefined) {
    wanted.push(['--pulsar-port', options.pulsarPort], ['--pulsar-admin-port', options.pulsarAdminPort]);
  }
  for (const [option, port] of wanted) {
    if (port === 0 || (await isPortFree(port))) continue;
    const existing = option.startsWith('--pulsar')
      ? ', or use the Pulsar that is there with --service-url'
      : '';
    throw new Error(
      `port ${port} on 127.0.0.1 is in use: stop what listens there, choose another with ${option}${existing}`,
    );
  }
}

async function runDemo(
  options: DemoOptions,
  pulsar: { serviceUrl: string; adminUrl: string },
): Promise<number> {
  const password = demoPassword();
  const { kafkaPort, adminPort } = options;
  say('Gateway: starting with the demo tenant');
  const gateway = await runGateway(await demoConfig({ ...pulsar, password, kafkaPort, adminPort }));
  try {
    const kafka = gateway.endpoint('kafka');
    const facts = demoFacts(password, pulsar, { kafka, admin: gateway.adminUrl });
    say(`Gateway: Kafka clients connect to ${kafka}`);
    say(`Producing ${recordCount} records with kafkajs, then reading them back through Pulsar`);
    const publishedSinceMs = Date.now() - clockDifferenceMsMax;
    const sent = await produceWithKafka(kafka, recordCount);
    const stored = await readFromPulsar(pulsar, facts.namespace, sent, publishedSinceMs);
    say(recordTable(sent, stored));
    writeDemoFacts(facts);
    if (!sent.every((record) => sameRecord(record, stored.get(record)))) {
      throw new Error('what Pulsar holds differs from what was sent');
    }
    say(`All ${sent.length} records are in Pulsar as they were sent.`);
    say(endpointTable(facts));
    if (options.once) return 0;
    say('Running. Ctrl-C ends the gateway and Pulsar.');
    await gateway.stopped;
    return 0;
  } finally {
    await gateway.stop();
  }
}

function sameRecord(sent: SentRecord, stored: StoredMessage | undefined): boolean {
  return stored?.key === sent.key && stored.value === sent.value && stored.index === sent.kafkaOffset;
}

function recordTable(sent: readonly SentRecord[], stored: ReadonlyMap<SentRecord, StoredMessage>): string {
  const table = new Table({
    head: [
      'sent by Kafka',
      'partition',
      'offset',
      'found in Pulsar topic',
      'message id',
      'index',
      'key',
      'value',
    ],
    style: { head: [], border: [] },
  });
  for (const record of sent) {
    const message = stored.get(record);
    table.push([
      message?.source ?? 'kafkajs',
      record.kafkaPartition,
      record.kafkaOffset,
      message?.topic.replace('persistent://', '') ?? 'missing',
      message?.messageId ?? '',
      message?.index ?? '',
      message?.key ?? '',
      message?.value ?? '',
    ]);
  }
  return table.toString();
}

function endpointTable(facts: DemoFacts): string {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['Kafka', `${facts.kafka}  (without credentials, or SASL/PLAIN)`],
    ['user, password', `${facts.username}  ${facts.password}`],
    ['tenant, namespace', `${facts.tenant}  ${facts.namespace}`],
    ['Pulsar', `${facts.pulsarServiceUrl}  ${facts.pulsarAdminUrl}`],
    ['health, metrics', `${facts.admin}/health/ready  ${facts.admin}/metrics`],
    ['the same as JSON', demoFile],
  );
  return table.toString();
}
