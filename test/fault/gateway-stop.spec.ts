// SIGTERM under load: what was read is answered, so that exactly the acknowledged records are stored.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exactlyOnce, javaFlood, judgeFlood } from '../support/flood.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { buildOracle, oracleRead } from '../support/pulsar-oracle.js';
import { createPartitionedTopic, testPulsar } from '../support/pulsar.js';

const partitions = 6;
const drainTimeoutMs = 10_000; // of test gateways
const testTimeoutMs = 120_000;

describe('a gateway that is stopped under load', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    buildOracle();
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme' },
    });
  }, testTimeoutMs);

  afterAll(() => gateway?.stop(), testTimeoutMs);

  it.each(['none', 'lz4'])(
    'has stored what it acknowledged and nothing else (compression %s)',
    async (codec) => {
      const topic = `stopped-${codec}`;
      const namespace = gateway.namespaceOf('acme');
      await createPartitionedTopic(namespace, topic, partitions);
      // Nothing is sent twice: what the gateway took and did not answer would be stored without an acknowledgement.
      const flood = javaFlood({
        bootstrap: gateway.kafka,
        topic,
        partitions,
        rate: 0,
        valueBytes: 300,
        unansweredMax: 20_000,
        settings: {
          'enable.idempotence': 'false',
          retries: '0',
          'compression.type': codec,
          'delivery.timeout.ms': '4000',
          'request.timeout.ms': '3500',
          'max.block.ms': '2000',
        },
      });
      await flood.untilAcked(20_000);
      const before = performance.now();
      expect(await gateway.stop()).toBe('exit status 0');
      expect(performance.now() - before).toBeLessThan(drainTimeoutMs);
      await flood.stop();
      const url = `persistent://${namespace}/${topic}`;
      const stored = await oracleRead(testPulsar.serviceUrl, url, 'all');
      expect(judgeFlood(flood, stored)).toEqual(exactlyOnce);
      expect(stored).toHaveLength(flood.acked.size);
      expect(flood.acked.size + flood.failed.size).toBe(flood.sent);
      await gateway.restart();
    },
    testTimeoutMs,
  );
});
