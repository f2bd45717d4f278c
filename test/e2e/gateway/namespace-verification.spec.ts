import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PulsarAdmin, PulsarClient, verifyNamespace } from '#libs/pulsar';
import { allowAll, startGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway.js';
import { type PulsarWithAuth, startPulsarWithAuth } from '../../support/pulsar-with-auth.js';
import {
  KafkaClients,
  kafkaErrorOf,
  plain,
  pulsarStartMsMax,
  pulsegate,
  readiness,
  until,
  untilVerified,
} from './gateway-fixture.js';

// What becomes of a tenant whose namespace cannot be made ready, on a Pulsar with authorization on.

const role = 'kafka-front';
const password = randomBytes(12).toString('base64url');
const users = [{ name: 'alice', password }];
const kafka = { autoCreateTopics: true };
const clients = new KafkaClients();
const gateways: TestGateway[] = [];
let pulsar: PulsarWithAuth;
let superuser: PulsarClient;

async function start(
  tenants: readonly { name: string; namespace: string }[],
  namespaces: Record<string, unknown> = {},
  options: Partial<TestGatewayOptions> = {},
): Promise<TestGateway> {
  const { serviceUrl, adminUrl } = pulsar;
  const auth = { method: 'token', token: pulsar.token(role) };
  const gateway = await startGateway({
    tenants: tenants.map((each) => ({ ...each, users, kafka, permissions: [allowAll] })),
    config: { pulsar: { serviceUrl, adminUrl, auth }, namespaces: { retryMs: 300, ...namespaces } },
    untilReady: false,
    stateNamespace: options.stateNamespace ?? (await readyState()),
    ...options,
  });
  gateways.push(gateway);
  await untilVerified(gateway);
  return gateway;
}

/** A Pulsar tenant of a new name, administered by these roles, and a bare namespace in it. */
async function pulsarNamespace(adminRoles: string[]): Promise<{ tenant: string; namespace: string }> {
  const tenant = `t-${randomBytes(4).toString('hex')}`;
  await superuser.admin.createTenant(tenant, { adminRoles, allowedClusters: ['standalone'] });
  await superuser.admin.createNamespace(`${tenant}/n`);
  return { tenant, namespace: `${tenant}/n` };
}

/** A namespace for a gateway's own state that lacks nothing. */
async function readyState(): Promise<string> {
  const { namespace } = await pulsarNamespace([role]);
  await verifyNamespace(superuser.admin, namespace, { apply: true, purpose: 'state' });
  return namespace;
}

async function produce(gateway: TestGateway, tenant: string): Promise<string> {
  const producer = await clients.producer(gateway.kafka, plain(`${tenant}/alice`, password));
  return kafkaErrorOf(producer.send({ topic: 'orders', messages: [{ value: 'v' }] }));
}

/** What an operator with the superuser's role would type, by REST. Knows no command that the tests do not expect. */
async function runAsSuperuser(command: string, admin: PulsarAdmin): Promise<void> {
  const words = command.split(' ');
  const option = (name: string) => words[words.indexOf(name) + 1] ?? '';
  const target = words.at(-1) ?? '';
  switch (words.slice(0, 3).join(' ')) {
    case 'pulsar-admin namespaces set-deduplication':
      return admin.setDeduplication(target, words.includes('--enable'));
    case 'pulsar-admin namespaces set-retention': {
      const retentionTimeInMinutes = Number.parseInt(option('--time'), 10) * 24 * 60;
      return admin.setRetention(target, {
        retentionTimeInMinutes,
        retentionSizeInMB: Number(option('--size')),
      });
    }
    case 'pulsar-admin namespaces set-inactive-topic-policies':
      return admin.setInactiveTopicPolicies(target, {
        deleteWhileInactive: !words.includes('--disable-delete-while-inactive'),
        inactiveTopicDeleteMode: option('--delete-mode'),
        maxInactiveDurationSeconds: Number.parseInt(option('--max-inactive-duration'), 10) * 86_400,
      } as never);
    case 'pulsar-admin namespaces set-compaction-threshold':
      return admin.setCompactionThreshold(target, Number.parseInt(option('--threshold'), 10) * 1024 * 1024);
    default:
      throw new Error(`no such command: ${command}`);
  }
}

beforeAll(async () => {
  pulsar = await startPulsarWithAuth();
  const auth = { method: 'token', token: pulsar.token('admin') } as const;
  superuser = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl, auth });
}, pulsarStartMsMax);

afterAll(async () => {
  await clients.disconnect();
  await Promise.all(gateways.map((each) => each.stop()));
  await superuser?.close();
  await pulsar?.stop();
});

describe('a gateway whose role may not', () => {
  it('read the policies refuses that tenant for good, serves the others, and is green once it may', async () => {
    const mine = await pulsarNamespace([role]);
    const theirs = await pulsarNamespace(['somebody']);
    const gateway = await start([
      { name: 'mine', namespace: mine.namespace },
      { name: 'theirs', namespace: theirs.namespace },
    ]);
    expect(await produce(gateway, 'mine')).toBe('none');
    expect(await produce(gateway, 'theirs')).toBe('POLICY_VIOLATION');

    const { code, body } = await readiness(gateway);
    expect(code).toBe(503);
    expect(body.namespaces.find((each) => each.tenant === 'mine')).toMatchObject({
      served: true,
      missing: [],
    });
    const refused = body.namespaces.find((each) => each.tenant === 'theirs');
    expect(refused).toMatchObject({ served: false, missing: [expect.objectContaining({ check: 'access' })] });

    const doctor = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(doctor.status).toBe(1);
    expect(doctor.stdout).toContain(`pulsar-admin tenants update ${theirs.tenant} --admin-roles`);
    expect(gateway.log()).toContain('namespace is not served: run pulsegate doctor');

    const allowedClusters = ['standalone'];
    await superuser.admin.updateTenant(theirs.tenant, { adminRoles: ['somebody', role], allowedClusters });
    await until('ready', async () => (await readiness(gateway)).code === 200);
    expect(await produce(gateway, 'theirs')).toBe('none');
    const { deduplicationEnabled } = await superuser.admin.namespacePolicies(theirs.namespace);
    expect(deduplicationEnabled).toBe(true);
  });

  it('create a namespace says so', async () => {
    const absent = `t-${randomBytes(4).toString('hex')}/n`;
    const gateway = await start([{ name: 'absent', namespace: absent }]);
    const { body } = await readiness(gateway);
    expect(body.namespaces[0]).toMatchObject({ served: false, missing: [{ check: 'namespace' }] });
    const { status, stdout } = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(status).toBe(1);
    expect(stdout).toContain(`pulsar-admin namespaces create ${absent}`);
  });
});

describe('a gateway that is told not to change policies', () => {
  it('refuses until the commands that doctor prints were run', async () => {
    const { namespace } = await pulsarNamespace([role]);
    const gateway = await start([{ name: 'manual', namespace }], { apply: false });
    expect(await produce(gateway, 'manual')).toBe('POLICY_VIOLATION');
    const { code, body } = await readiness(gateway);
    expect(code).toBe(503);
    const missing = body.namespaces[0]?.missing ?? [];
    expect(missing.map((each) => each.check)).toEqual(['deduplication', 'inactive-topics', 'retention']);

    const doctor = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(doctor.status).toBe(1);
    const advice = doctor.stdout.slice(doctor.stdout.indexOf('To mend it:'));
    const commands = advice.split('\n').filter((line) => line.startsWith('  '));
    expect(commands.map((each) => each.trim())).toEqual(missing.map((each) => each.command));
    for (const command of commands) await runAsSuperuser(command.trim(), superuser.admin);

    await until('ready', async () => (await readiness(gateway)).code === 200);
    expect(await produce(gateway, 'manual')).toBe('none');
    const after = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(after).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing is missing.') });
  });

  it('is alone until its own state has a place; health and doctor say what to do', async () => {
    const [{ namespace }, state] = [await pulsarNamespace([role]), await pulsarNamespace([role])];
    await verifyNamespace(superuser.admin, namespace, { apply: true });
    const tenants = [{ name: 'stateless', namespace }];
    const gateway = await start(tenants, { apply: false }, { stateNamespace: state.namespace });
    expect(await produce(gateway, 'stateless')).toBe('none');
    const { code, body } = await readiness(gateway);
    expect(code).toBe(503);
    expect(body.cluster).toMatchObject({ joined: false, state: { served: false } });
    const { missing } = body.cluster.state;
    expect(missing.map((each) => each.check)).toEqual(['inactive-topics', 'retention', 'compaction']);
    const doctor = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(doctor.status).toBe(1);
    for (const { command } of missing) {
      expect(doctor.stdout).toContain(command);
      await runAsSuperuser(command, superuser.admin);
    }
    await until('ready', async () => (await readiness(gateway)).code === 200);
    await until('a member', async () => (await readiness(gateway)).body.cluster.joined);
  });

  it('is mended by doctor --fix, and doctor --json says the same', async () => {
    const { namespace } = await pulsarNamespace([role]);
    const gateway = await start([{ name: 'fixed', namespace }], { apply: false });
    const findings = async (...args: string[]) => {
      const { status, stdout } = await pulsegate([
        'doctor',
        '--json',
        '--config',
        gateway.configFile,
        ...args,
      ]);
      const report = JSON.parse(stdout) as { healthy: boolean; findings: { check: string; ok: boolean }[] };
      const missing = report.findings.filter((each) => !each.ok).map((each) => each.check);
      return { status, healthy: report.healthy, missing };
    };
    const bad = { status: 1, healthy: false, missing: ['deduplication', 'inactive-topics', 'retention'] };
    expect(await findings()).toEqual(bad);
    expect(await findings('--fix')).toEqual({ status: 0, healthy: true, missing: [] });
    await until('ready', async () => (await readiness(gateway)).code === 200);
  });

  it('serves the tenant nevertheless when an explicit setting says so', async () => {
    const { namespace } = await pulsarNamespace([role]);
    const gateway = await start([{ name: 'risky', namespace }], { apply: false, serveUnverified: true });
    expect(await produce(gateway, 'risky')).toBe('none');
    const { code, body } = await readiness(gateway);
    expect(code).toBe(200);
    expect(body.namespaces[0]).toMatchObject({ served: true });
    expect(body.namespaces[0]?.missing.map((each) => each.check)).toContain('deduplication');
    expect(gateway.log()).toContain('namespace is served although it lacks what is needed');
  });
});
