import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ByteReader,
  decodeResponseHeader,
  encodeRecordBatch,
  encodeRequestFrame,
  KafkaFrameDecoder,
  produceApi,
} from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaClients, plain } from './gateway-fixture.js';

// A tenant over its rate is slowed, and nobody else with it.

const bytesPerSecond = 200_000;
const recordBytes = 20_000;
const measuredMs = 3_500;
const password = 'of-the-other-tenant';

interface Flood {
  readonly bytes: number;
  readonly ms: number;
  readonly throttles: readonly number[];
}

/** Sends as fast as it is answered, whatever the answers say of throttling: what holds it back is the gateway. */
async function flood(address: string, topic: string, ms: number): Promise<Flood> {
  const [host = '', port] = address.split(':');
  const socket = connect(Number(port), host);
  const decoder = new KafkaFrameDecoder(1_000_000, 1_000_000);
  const records = encodeRecordBatch([{ timestamp: Date.now(), key: null, value: Buffer.alloc(recordBytes) }]);
  const body = {
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  };
  const throttles: number[] = [];
  let correlationId = 0;
  const send = () => {
    const header = {
      apiKey: produceApi.key,
      apiVersion: 9,
      correlationId: ++correlationId,
      clientId: 'flood',
    };
    socket.write(encodeRequestFrame(header, (writer) => produceApi.encodeRequest(writer, body as never, 9)));
  };
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', send);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the gateway closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      for (const frame of decoder.push(chunk)) {
        const reader = new ByteReader(frame);
        decodeResponseHeader(reader, produceApi.key, 9);
        const answer = produceApi.decodeResponse(reader, 9);
        const errorCode = answer.responses[0]?.partitionResponses[0]?.errorCode;
        if (errorCode !== 0) reject(new Error(`answered ${errorCode}`));
        throttles.push(answer.throttleTimeMs);
        if (performance.now() - startedAt > ms) resolve();
        else send();
      }
    });
  });
  socket.destroy();
  return { bytes: throttles.length * records.length, ms: performance.now() - startedAt, throttles };
}

describe('a tenant with a limit', () => {
  const clients = new KafkaClients();
  let gateway: TestGateway;
  beforeAll(async () => {
    const kafka = { autoCreateTopics: true };
    gateway = await startGateway({
      tenants: [
        {
          name: 'slow',
          kafka,
          permissions: [allowAll],
          limits: { bytesIn: `${bytesPerSecond}B/s` },
        },
        { name: 'fast', kafka, permissions: [allowAll], users: [{ name: 'bob', password }] },
      ],
      listener: { anonymousTenant: 'slow' },
    });
    const producer = await clients.producer(gateway.kafka);
    await producer.send({ topic: 'limited', messages: [{ value: 'makes the topic' }] });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
  });

  it('gets its rate and the time to wait, and another tenant is not slowed', async () => {
    const flooding = flood(gateway.kafka, 'limited', measuredMs);
    const fast = await clients.producer(gateway.kafka, plain('fast/bob', password));
    let fastBytes = 0;
    const fastUntil = performance.now() + measuredMs - 1_000;
    while (performance.now() < fastUntil) {
      await fast.send({ topic: 'free', messages: [{ value: Buffer.alloc(recordBytes) }] });
      fastBytes += recordBytes;
    }
    const { bytes, ms, throttles } = await flooding;
    expect(Math.max(...throttles)).toBeGreaterThan(0);
    // The burst of one second is on top.
    const rate = ((bytes - bytesPerSecond) * 1_000) / ms;
    expect(rate).toBeGreaterThan(bytesPerSecond * 0.75);
    expect(rate).toBeLessThan(bytesPerSecond * 1.25);
    expect(fastBytes).toBeGreaterThan(bytes);
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const throttled = (tenant: string) =>
      Number(new RegExp(`^pulsegate_throttles_total\\{.*"${tenant}"\\} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(throttled('slow')).toBeGreaterThan(0);
    expect(throttled('fast')).toBe(0);
  });
});

describe('a limit of the gateway', () => {
  const clients = new KafkaClients();
  let gateway: TestGateway;
  beforeAll(async () => {
    const kafka = { autoCreateTopics: true };
    gateway = await startGateway({
      tenants: [
        { name: 'many', kafka, permissions: [allowAll] },
        { name: 'one', kafka, permissions: [allowAll], users: [{ name: 'bob', password }] },
      ],
      listener: { anonymousTenant: 'many' },
      config: { limits: { bytesIn: `${2 * bytesPerSecond}B/s burst ${recordBytes}B` } },
    });
    const producer = await clients.producer(gateway.kafka);
    await producer.send({ topic: 'limited', messages: [{ value: 'makes the topic' }] });
  });
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
  });

  it('is the same for a tenant with one connection as for one with many', async () => {
    const one = await clients.producer(gateway.kafka, plain('one/bob', password));
    const message = { value: Buffer.alloc(recordBytes) };
    await one.send({ topic: 'limited', messages: [message] });
    const floods = Array.from({ length: 20 }, () => flood(gateway.kafka, 'limited', measuredMs));
    let bytes = 0;
    const startedAt = performance.now();
    while (performance.now() - startedAt < measuredMs - 1_000) {
      await one.send({ topic: 'limited', messages: [message] });
      bytes += recordBytes;
    }
    const rate = (bytes * 1_000) / (performance.now() - startedAt);
    await Promise.all(floods);
    expect(rate).toBeGreaterThan(bytesPerSecond * 0.7);
    expect(rate).toBeLessThan(bytesPerSecond * 1.4);
  });
});
