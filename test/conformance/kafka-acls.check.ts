// kafka-acls and kafka-configs for users of Kafka's own tools, on two gateways (full: those of 3.9 too)
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listOffsetsApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import {
  kafkaJavaClassPath,
  kafkaJavaMissing,
  type KafkaTool,
  kafkaToolClass,
  kafkaToolVersions,
  runKafkaTool,
  type ToolRun,
} from '../support/kafka-java-tools.js';
import { KafkaSocket } from '../support/kafka-socket.js';
import { createPulsarNamespace } from '../support/pulsar.js';

const scenarioTimeoutMs = 400_000;
/** What is made through one gateway holds on the others in well under a second; on a busy machine after at most this. */
const spreadMsMax = 10_000;

/** The answer as soon as it is what it is to become, else the last one. */
async function soon<T>(ask: () => Promise<T>, isExpected: (answer: T) => boolean): Promise<T> {
  for (const end = Date.now() + spreadMsMax; ; await delay(100)) {
    const answer = await ask();
    if (isExpected(answer) || Date.now() > end) return answer;
  }
}

describe.each(kafkaToolVersions)("Kafka's tools $name", ({ module }) => {
  const on = kafkaJavaMissing ? it.skip : it;
  const gateways: TestGateway[] = [];
  let folder: string;

  beforeAll(async () => {
    if (kafkaJavaMissing) return;
    kafkaJavaClassPath(module);
    folder = mkdtempSync(join(tmpdir(), 'pulsegate-acls-'));
    const stateNamespace = `public/pulsegate-acls-${randomBytes(4).toString('hex')}`;
    const users = [{ name: 'admin', password: 'secret-of-admin' }];
    const permissions = [{ ...allowAll, principals: ['user:admin'] }];
    const namespace = await createPulsarNamespace('acme');
    for (let count = 0; count < 2; count++) {
      const tenants = [{ name: 'acme', namespace, users, permissions }];
      const listener = { defaultTenant: 'acme' };
      const config = { kafka: { groupInitialRebalanceDelayMs: 0 } };
      gateways.push(await startGateway({ tenants, listener, stateNamespace, config }));
    }
    login('admin', 'PLAIN', 'plain.PlainLoginModule', 'secret-of-admin');
  }, scenarioTimeoutMs);

  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function login(user: string, mechanism: string, loginModule: string, password: string): void {
    const jaas = `org.apache.kafka.common.security.${loginModule} required username="${user}" password="${password}";`;
    const lines = [
      'security.protocol=SASL_PLAINTEXT',
      `sasl.mechanism=${mechanism}`,
      `sasl.jaas.config=${jaas}`,
    ];
    writeFileSync(
      join(folder, user),
      [...lines, 'max.block.ms=10000', 'delivery.timeout.ms=15000', 'request.timeout.ms=10000', ''].join(
        '\n',
      ),
    );
  }

  /** A tool as this user, at the first or the second gateway. */
  function run(tool: KafkaTool, user: string, at: 0 | 1, args: string, input = ''): Promise<ToolRun> {
    const option = { produce: '--producer.config', consume: '--consumer.config' }[tool as string];
    const command = [
      '--bootstrap-server',
      gateways[at]!.kafka,
      option ?? '--command-config',
      join(folder, user),
    ];
    return runKafkaTool(module, kafkaToolClass(tool, module), [...command, ...args.split(' ')], input);
  }

  /** The tool's words; fails unless it says that it did what it was told. */
  async function done(tool: KafkaTool, at: 0 | 1, args: string): Promise<string> {
    const { exitCode, output } = await run(tool, 'admin', at, args);
    if (exitCode !== 0) throw new Error(`${tool} ${args}: exit code ${exitCode}\n${output}`);
    return output;
  }

  /** How many records alice's console producer could write: it says nothing of those that it could not. */
  async function produced(at: 0 | 1): Promise<number> {
    const before = await recordsIn('orders', at);
    await run('produce', 'alice', at, '--topic orders', 'from alice\n');
    return (await recordsIn('orders', at)) - before;
  }

  const expectProduced = async (at: 0 | 1, count: number) =>
    expect(
      await soon(
        () => produced(at),
        (found) => found === count,
      ),
    ).toBe(count);

  /** Fails unless the tool soon says all of this. */
  async function expectSaid(ask: () => Promise<string>, ...texts: readonly string[]): Promise<void> {
    const said = await soon(ask, (output) => texts.every((text) => output.includes(text)));
    for (const text of texts) expect(said).toContain(text);
  }

  /** As the administrator sees it. */
  async function recordsIn(name: string, at: 0 | 1): Promise<number> {
    const socket = await KafkaSocket.open(gateways[at]!.kafka);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    await socket.call(saslAuthenticateApi, 2, { authBytes: Buffer.from('\0admin\0secret-of-admin') });
    const partitions = [{ partitionIndex: 0, timestamp: -1 }];
    const { topics } = await socket.call(listOffsetsApi, 7, { topics: [{ name, partitions }] });
    socket.destroy();
    return Number(topics[0]!.partitions[0]!.offset);
  }

  const consume = async (at: 0 | 1, group: string) => {
    const args = `--topic orders --from-beginning --group ${group} --max-messages 1 --timeout-ms 15000`;
    return (await run('consume', 'alice', at, args)).output;
  };

  on(
    'make a user, say what it may do, and take both back',
    async () => {
      await done('topics', 0, '--create --topic orders --partitions 1');
      const alice = '--entity-type users --entity-name alice';
      await done(
        'configs',
        0,
        `--alter ${alice} --add-config SCRAM-SHA-256=[iterations=8192,password=secret-of-alice]`,
      );
      await expectSaid(() => done('configs', 1, `--describe ${alice}`), 'SCRAM-SHA-256=iterations=8192');
      login('alice', 'SCRAM-SHA-256', 'scram.ScramLoginModule', 'secret-of-alice');

      await expectProduced(1, 0);
      await done('acls', 0, '--add --allow-principal User:alice --producer --topic orders');
      await expectProduced(1, 1);
      expect(await consume(1, 'readers-1')).not.toContain('from alice');
      await done(
        'acls',
        0,
        '--add --allow-principal User:alice --consumer --topic orders --group readers- --resource-pattern-type prefixed',
      );
      await done('acls', 0, '--add --allow-principal User:alice --operation Read --topic orders');
      await expectSaid(() => consume(1, 'readers-1'), 'from alice\n');

      await expectSaid(
        () => done('acls', 1, '--list --principal User:alice'),
        '(principal=User:alice, host=*, operation=WRITE, permissionType=ALLOW)',
        'resourceType=GROUP, name=readers-, patternType=PREFIXED',
      );

      await done(
        'acls',
        1,
        '--add --deny-principal User:alice --operation Write --topic ord --resource-pattern-type prefixed',
      );
      await expectProduced(0, 0);
      await done(
        'acls',
        0,
        '--remove --force --deny-principal User:alice --operation Write --topic ord --resource-pattern-type prefixed',
      );
      await expectProduced(1, 1);

      await done(
        'acls',
        1,
        '--remove --force --topic orders --resource-pattern-type match --allow-principal User:alice --producer',
      );
      await expectProduced(0, 0);
      await done('configs', 1, `--alter ${alice} --delete-config SCRAM-SHA-256`);
      await expectSaid(
        async () => (await run('topics', 'alice', 0, '--list')).output,
        'Authentication failed',
      );
    },
    scenarioTimeoutMs,
  );

  on(
    'set the quotas of a user on all gateways, and take them back',
    async () => {
      const bob = '--entity-type users --entity-name bob';
      const rates = 'producer_byte_rate=1000000,consumer_byte_rate=5000';
      await done('configs', 0, `--alter ${bob} --add-config ${rates}`);
      const describe = (at: 0 | 1, entity: string) => () => done('configs', at, `--describe ${entity}`);
      await expectSaid(describe(1, bob), 'producer_byte_rate=1000000', 'consumer_byte_rate=5000');
      const clients = '--entity-type clients --entity-default';
      await done('configs', 0, `--alter ${clients} --add-config producer_byte_rate=77`);
      await expectSaid(describe(1, clients), '=77.0');
      const other = await run('configs', 'admin', 0, `--alter ${bob} --add-config request_percentage=50`);
      expect(other.output).toContain('no request threads');
      await done('configs', 1, `--alter ${bob} --delete-config producer_byte_rate,consumer_byte_rate`);
      const left = await soon(describe(0, bob), (said) => !said.includes('byte_rate'));
      expect(left).not.toContain('byte_rate');
    },
    scenarioTimeoutMs,
  );

  on(
    'are told what they may not change',
    async () => {
      expect(await done('acls', 0, '--list --principal User:admin')).toContain('name=kafka-cluster');
      const removed = await run('acls', 'admin', 0, '--remove --force --cluster');
      expect(removed.output).toContain('configuration file of the gateway');
      const host = '--add --allow-principal User:bob --allow-host 10.0.0.1 --operation Read --topic orders';
      expect((await run('acls', 'admin', 0, host)).output).toContain('the host is "*"');
      const lockout = '--add --deny-principal User:* --operation Alter --cluster';
      expect((await run('acls', 'admin', 1, lockout)).output).toContain('permission to take it back');
      const admin = '--alter --entity-type users --entity-name admin';
      const scram = `${admin} --add-config SCRAM-SHA-512=[password=another-secret]`;
      const changed = await run('configs', 'admin', 0, scram);
      expect([changed.exitCode, changed.output]).toEqual([1, expect.stringContaining('xception')]);
      login('stranger', 'PLAIN', 'plain.PlainLoginModule', 'secret-of-stranger');
      expect((await run('acls', 'stranger', 0, '--list')).output).toContain('SaslAuthenticationException');
    },
    scenarioTimeoutMs,
  );
});
