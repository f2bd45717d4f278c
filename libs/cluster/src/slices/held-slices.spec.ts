import { afterEach, describe, expect, it } from '@jest/globals';
import type { LeaseOptions } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { HeldSlices } from './held-slices.js';
import { ManualClock } from './manual-clock.js';
import { Notes, ScriptedLease } from './scripted-lease.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const tenant = (name: string): Tenant => ({ name, pulsarNamespace: `a/${name}`, limits: {}, kafka });

let slices: HeldSlices<Notes>;
afterEach(() => slices.close());

/** Two slices of each tenant, all of them this gateway's; leases by the partition's name. */
function bed(...names: string[]) {
  const tenants = new TenantDirectory(names.map(tenant));
  const leases: ScriptedLease[] = [];
  slices = new HeldSlices({
    ...{ kind: 'notes', things: 'notes', slicesPerTenant: 2, stateNamespace: 'p/state', tenants },
    ...{ pendingEntriesMax: 10, idleMs: 60_000, log: silentLog, clock: new ManualClock() },
    cluster: { nodeId: 1, nodeOf: () => 1, onChange: () => () => {} },
    pulsar: {
      acquireLease: async (options: LeaseOptions) => {
        const lease = new ScriptedLease(options);
        leases.push(lease);
        return lease;
      },
      admin: {
        createPartitionedTopic: async () => {},
        partitionedTopics: async () => names.map((name) => `persistent://p/state/notes.${name}`),
      },
    } as never,
    makeState: (ground) => new Notes(ground),
  });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** All slices of the tenant serve. */
  const take = async (of: Tenant) => {
    const all = slices.all(of, 1_000);
    await settle();
    for (const lease of leases) if (lease.state === 'queued' && lease.released === 0) lease.become('serving');
    return all;
  };
  return { tenants, leases, settle, take };
}

describe('slices of a tenant that is removed', () => {
  it('are given back, and are nobody’s to ask for; those of others stay', async () => {
    const { tenants, leases, settle, take } = bed('acme', 'globex');
    const [acme, globex] = [...tenants] as [Tenant, Tenant];
    const states = await take(acme);
    const others = await take(globex);
    tenants.replace([globex]);
    await settle();
    const released = leases.map((lease) => [lease.options.topic.includes('acme'), lease.released]);
    expect(released.sort()).toEqual([
      [false, 0],
      [false, 0],
      [true, 1],
      [true, 1],
    ]);
    expect(states.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect(slices.served()).toEqual(others);
    expect(() => slices.own(acme, 0)).toThrow('another gateway holds the notes');
  });

  it('are taken up again when it comes back', async () => {
    const { tenants, leases, settle, take } = bed('acme');
    const [acme] = [...tenants] as [Tenant];
    const before = await take(acme);
    tenants.replace([]);
    await settle();
    tenants.replace([tenant('acme')]);
    await settle();
    expect(leases).toHaveLength(4);
    const after = await take(tenants.byName('acme')!);
    expect(after.map((state) => before.includes(state))).toEqual([false, false]);
    expect(slices.served()).toEqual(after);
  });
});
