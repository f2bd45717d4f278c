// The demo, as `npm run quickstart` runs it, on the Pulsar of the tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFreePort, testPulsar } from '../../support/pulsar.js';
import { KafkaClients, kafkaErrorOf, plain, pulsegate, until } from './gateway-fixture.js';

const main = fileURLToPath(new URL('../../../apps/cli/src/main.js', import.meta.url));
const factsFile = fileURLToPath(new URL('../../../../.pulsegate/demo.json', import.meta.url));

describe('the demo', () => {
  const clients = new KafkaClients();
  /** Of a demo that somebody runs in this checkout. */
  const before = existsSync(factsFile) ? readFileSync(factsFile) : undefined;
  let running: ChildProcess | undefined;
  let args: string[];

  beforeAll(async () => {
    const kafkaPort = await findFreePort();
    const mqttPort = await findFreePort([kafkaPort]);
    const amqpPort = await findFreePort([kafkaPort, mqttPort]);
    const adminPort = await findFreePort([kafkaPort, mqttPort, amqpPort]);
    args = [
      'demo',
      ...['--service-url', testPulsar.serviceUrl, '--admin-url', testPulsar.adminUrl],
      ...[
        '--amqp-port',
        String(amqpPort),
        '--mqtt-port',
        String(mqttPort),
        '--kafka-port',
        String(kafkaPort),
        '--admin-port',
        String(adminPort),
      ],
    ];
    rmSync(factsFile, { force: true });
  });

  afterAll(async () => {
    await clients.disconnect();
    if (running?.exitCode === null) running.kill('SIGKILL');
    mkdirSync(dirname(factsFile), { recursive: true });
    if (before) writeFileSync(factsFile, before, { mode: 0o600 });
    else rmSync(factsFile, { force: true });
  });

  const facts = () => JSON.parse(readFileSync(factsFile, 'utf8')) as Record<string, string>;

  it('sends records by Kafka, finds them in Pulsar and in a Kafka group, has devices publish by MQTT and clients of both AMQPs share queues, crosses a record, shows all, and ends with --once', async () => {
    const { status, stdout, stderr } = await pulsegate([...args, '--once']);
    expect(status).toBe(0);
    const rows = stdout.split('\n').filter((line) => line.includes('orders-partition-'));
    expect(rows).toHaveLength(8);
    for (const row of rows)
      expect(row).toMatch(
        /kafkajs.*│ \d+ .*pulsegate-demo\/demo\/\S+-partition-\d.*│ \d+:\d+.*│ billing-[12] /,
      );
    expect(stdout).toMatch(/All 8 records are in Pulsar as they were sent/);
    const partitions = stdout.split('\n').filter((line) => line.startsWith('│ billing '));
    expect(partitions).toHaveLength(3);
    // Committed is the end, or there is nothing.
    for (const row of partitions)
      expect(row).toMatch(/ orders +│ \d +│ (?:(\d+) +│ \1|nothing +│ 0) +│ 0 +│$/);
    expect(stdout).toMatch(/group billing has read and committed all of them: lag 0/);
    const devices = stdout.split('\n').filter((line) => line.includes('"celsius"'));
    expect(devices).toHaveLength(4);
    for (const row of devices) {
      expect(row).toMatch(/│ (devices\/thermometer-[12]\/temperature) .*│ got it +│ 0 +│ \d+ +│ \1 +│$/);
    }
    const jobs = stdout.split('\n').filter((line) => line.includes('│ job '));
    expect(jobs).toHaveLength(4);
    for (const row of jobs) expect(row).toMatch(/│ job \d of \w+ +│ accepted +│ worker-[12] +│$/);
    const tasks = stdout.split('\n').filter((line) => line.includes('│ task '));
    expect(tasks).toHaveLength(4);
    for (const row of tasks)
      expect(row).toMatch(/│ task \d of \w+ +│ task\.\w+ +│ confirmed +│ worker-[12] +│$/);
    expect(stdout).toMatch(/AMQP 1\.0, AMQP 0-9-1 +│ 127\.0\.0\.1:\d+ +\(one port for both/);
    const alarm = 'devices/thermometer-1/alarm';
    expect(stdout).toMatch(new RegExp(`Kafka record +│ devices-0 offset \\d+, key ${alarm}: 21.5 degrees`));
    expect(stdout).toMatch(new RegExp(`MQTT topic +│ ${alarm} `));
    expect(stdout).toMatch(new RegExp(`AMQP address +│ /topics/devices, x-opt-partition-key ${alarm} `));
    expect(stdout + stderr).not.toMatch(/error|"level"/i);
    expect(facts()).toEqual({
      tenant: 'demo',
      namespace: 'pulsegate-demo/demo',
      username: 'demo',
      password: expect.stringMatching(/^\S{20,}$/),
      pulsarServiceUrl: testPulsar.serviceUrl,
      pulsarAdminUrl: testPulsar.adminUrl,
      kafka: `127.0.0.1:${args.at(-3)}`,
      mqtt: `127.0.0.1:${args.at(-5)}`,
      amqp: `127.0.0.1:${args.at(-7)}`,
      admin: `http://127.0.0.1:${args.at(-1)}`,
    });
    expect(stdout).toContain(facts().password);
  });

  it('stays up for its user and for clients without credentials, until Ctrl-C', async () => {
    const { password } = facts();
    running = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    running.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()));
    await until('the demo runs', async () => output.includes('Ctrl-C'), 40_000);
    const { kafka = '', admin, username = '', password: now = '' } = facts();
    // Clients that were set up with the password of an earlier run stay valid.
    expect(now).toBe(password);
    expect((await fetch(`${admin}/health/ready`)).status).toBe(200);
    for (const options of [{}, plain(username, now)]) {
      const producer = await clients.producer(kafka, options);
      const [answer] = await producer.send({ topic: 'from-a-test', messages: [{ value: 'v' }] });
      expect(answer?.errorCode).toBe(0);
    }
    expect(await kafkaErrorOf(clients.producer(kafka, plain(username, 'wrong')))).toMatch(/auth/i);
    const ended = once(running, 'exit');
    running.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});
