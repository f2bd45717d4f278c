import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PulsarAdminError } from '../admin/index.js';
import { silentLog } from '../client.options.js';
import { PulsarError } from '../pulsar.errors.js';
import { GrantWatch } from './grant-watch.js';

const refreshMs = 10;
const ageMsMax = 400;
const namespace = 't/n';

/** Pulsar's admin REST, as it answers to one role. */
class FakeAdmin {
  roles: Record<string, string[]> = { alice: ['produce'] };
  admins: string[] = ['chief'];
  settings: Record<string, string> | Error = new PulsarAdminError(401, 'no superuser', 'GET');
  fault: Error | 'hangs' | undefined;
  asked = 0;

  async namespacePolicies() {
    this.asked++;
    if (this.fault === 'hangs') await new Promise(() => {});
    if (this.fault !== undefined) throw this.fault;
    return { auth_policies: { namespace_auth: this.roles } };
  }

  async tenant() {
    return { adminRoles: this.admins, allowedClusters: [] };
  }

  async runtimeConfiguration() {
    if (this.settings instanceof Error) throw this.settings;
    return this.settings;
  }
}

describe('the watch over what Pulsar has granted', () => {
  const watches: GrantWatch[] = [];
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.close();
  });

  async function started(admin: FakeAdmin, onRead?: () => void): Promise<GrantWatch> {
    const options = { admin, namespaces: [namespace], log: silentLog, refreshMs, ageMsMax };
    const watch = new GrantWatch({ ...options, ...(onRead && { onRead }) });
    watches.push(watch);
    await watch.start();
    return watch;
  }

  const mayProduce = (watch: GrantWatch, role = 'alice') =>
    watch.grants(namespace)?.may(role, 'produce', 'x') ?? false;

  /** The next look, begun after this call, has ended. */
  async function looked(admin: FakeAdmin): Promise<void> {
    const before = admin.asked;
    while (admin.asked < before + 2) await delay(5);
  }

  it('knows nothing before it has looked, and nothing of other namespaces', async () => {
    const admin = new FakeAdmin();
    const watch = new GrantWatch({ admin, namespaces: [namespace], log: silentLog });
    expect(watch.grants(namespace)).toBeUndefined();
    expect(watch.ageMs(namespace)).toBe(Number.POSITIVE_INFINITY);
    const running = await started(admin);
    expect(mayProduce(running)).toBe(true);
    expect(running.grants('t/other')).toBeUndefined();
  });

  it('sees what is granted and revoked, and changes its version then and only then', async () => {
    const admin = new FakeAdmin();
    let told = 0;
    const watch = await started(admin, () => told++);
    const version = watch.version(namespace);
    await looked(admin);
    expect(watch.version(namespace)).toBe(version);
    expect(told).toBeGreaterThan(1);
    admin.roles = { bob: ['produce'] };
    await looked(admin);
    expect([mayProduce(watch), mayProduce(watch, 'bob')]).toEqual([false, true]);
    expect(watch.version(namespace)).toBe(version + 1);
    admin.admins = ['alice'];
    await looked(admin);
    expect(mayProduce(watch)).toBe(true);
    expect(watch.version(namespace)).toBe(version + 2);
  });

  it('holds to what it read while nobody answers, until that is too old and no longer', async () => {
    const admin = new FakeAdmin();
    const watch = await started(admin);
    const version = watch.version(namespace);
    for (const fault of [
      new PulsarError('ConnectFailed', 'refused'),
      new PulsarError('Timeout', 'silent'),
      new PulsarAdminError(503, 'overloaded', 'GET'),
    ]) {
      admin.fault = fault;
      await looked(admin);
      expect(mayProduce(watch)).toBe(true);
    }
    expect(watch.version(namespace)).toBe(version);
    await delay(ageMsMax + 50);
    expect(watch.grants(namespace)).toBeUndefined();
    expect(watch.ageMs(namespace)).toBeGreaterThan(ageMsMax);
    expect(watch.version(namespace)).toBe(version + 1);
    admin.fault = undefined;
    await looked(admin);
    expect(mayProduce(watch)).toBe(true);
    expect(watch.ageMs(namespace)).toBeLessThan(ageMsMax);
  });

  it('lets what it read grow too old also while an answer hangs', async () => {
    const admin = new FakeAdmin();
    const watch = await started(admin);
    admin.fault = 'hangs';
    await delay(ageMsMax / 2);
    expect(mayProduce(watch)).toBe(true);
    await delay(ageMsMax);
    expect(watch.grants(namespace)).toBeUndefined();
  });

  it('knows nothing at once where it may no longer read, or where the namespace is gone', async () => {
    const admin = new FakeAdmin();
    const watch = await started(admin);
    for (const status of [401, 403, 404]) {
      admin.fault = new PulsarAdminError(status, 'no', 'GET');
      await looked(admin);
      expect(watch.grants(namespace)).toBeUndefined();
      admin.fault = undefined;
      await looked(admin);
      expect(mayProduce(watch)).toBe(true);
    }
  });

  it('knows superusers and wildcards where it may read the settings of the brokers', async () => {
    const admin = new FakeAdmin();
    admin.roles = { 'iot-*': ['produce'] };
    expect(mayProduce(await started(admin), 'iot-1')).toBe(false);
    admin.settings = { superUserRoles: '[root, boss]', authorizationAllowWildcardsMatching: 'true' };
    const watch = await started(admin);
    for (const role of ['iot-1', 'root', 'boss']) expect(mayProduce(watch, role)).toBe(true);
    for (const role of ['[root', 'boss]', '', 'root, boss']) expect(mayProduce(watch, role)).toBe(false);
  });
});
