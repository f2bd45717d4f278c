// Several gateways as one cluster: who is seen, who is gone, and what clients are told.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPartitionedTopic, createPulsarNamespace } from '../../support/pulsar.js';

const memberTimeoutMs = 2_000;
const stateNamespace = `public/pulsegate-several-${randomBytes(4).toString('hex')}`;
const gateways: TestGateway[] = [];
let namespace: string;

async function gateway(kafka: Readonly<Record<string, unknown>> = {}): Promise<TestGateway> {
  const started = await startGateway({
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    listener: { anonymousTenant: 'acme' },
    stateNamespace,
    config: { cluster: { stateNamespace, memberTimeoutMs }, kafka },
  });
  gateways.push(started);
  return started;
}

interface Broker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** What Metadata of this gateway says of brokers. */
async function brokersOf(gateway: TestGateway): Promise<Broker[]> {
  const admin = new Kafka({ brokers: [gateway.kafka], logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port }));
  } finally {
    await admin.disconnect();
  }
}

/** How long it took until the gateway's Metadata named exactly these. */
async function untilBrokers(of: TestGateway, expected: readonly TestGateway[]): Promise<number> {
  const startedAt = performance.now();
  const wanted = expected.map(({ kafka }) => kafka).sort();
  for (;;) {
    const found = (await brokersOf(of)).map(({ host, port }) => `${host}:${port}`).sort();
    if (JSON.stringify(found) === JSON.stringify(wanted)) return performance.now() - startedAt;
    if (performance.now() - startedAt > 15_000) expect(found).toEqual(wanted);
    await delay(20);
  }
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('several');
  await createPartitionedTopic(namespace, 'orders', 12);
});

afterAll(async () => {
  await Promise.all(gateways.map((each) => each.stop()));
});

describe('several gateways', () => {
  let first: TestGateway;
  let second: TestGateway;

  beforeAll(async () => {
    first = await gateway();
    second = await gateway();
  }, 60_000);

  it('know each other within a second of the start', async () => {
    expect(await untilBrokers(first, [first, second])).toBeLessThan(1_000);
    expect(await untilBrokers(second, [first, second])).toBeLessThan(1_000);
    const ids = (await brokersOf(first)).map(({ nodeId }) => nodeId).sort();
    expect(ids).toEqual([0, 1]);
  });
});
