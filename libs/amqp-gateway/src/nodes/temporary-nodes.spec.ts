import { afterEach, describe, expect, it } from '@jest/globals';
import type { Member } from '#libs/cluster';
import { silentLog } from '#libs/telemetry';
import { NodesBed, publishTo, type RuleOf } from '../testing/nodes-bed.js';
import { AmqpTopicRegistry } from './amqp-topic-registry.js';
import { TemporaryNodes } from './temporary-nodes.js';

const other = '00000000-0000-4000-8000-000000000000';
const beds: NodesBed[] = [];

function bedOf(rules: readonly RuleOf[] = []): NodesBed {
  const bed = new NodesBed(rules);
  beds.push(bed);
  return bed;
}

afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.directory.close();
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('temporary nodes', () => {
  it('need no rule: their makers receive, everybody of the tenant who knows the address sends', async () => {
    const bed = bedOf();
    const identity = bed.identity();
    const { terminus } = await bed.attachSource({ dynamic: true }, { identity });
    expect(terminus).toMatchObject({
      dynamic: true,
      address: expect.stringMatching(/^amqp\.temp-queue\.gate-1\./),
    });
    expect(terminus.dynamicNodeProperties?.get('lifetime-policy')).toMatchObject({
      descriptor: { value: 0x2bn },
    });
    const address = terminus.address!;
    expect(bed.sources[0]?.plan).toMatchObject({
      reading: { kind: 'subscription', subscription: { name: 'pulsegate.queue' } },
      topic: { partitions: [`persistent://acme/n/${address}`] },
    });
    const target = await bed.attachTarget({ address });
    expect(await publishTo(target, 'r')).toBe('accepted');
    expect(bed.targets[0]?.plan.entries).toBe('single');
    const anonymous = await bed.attachTarget(undefined);
    expect(await publishTo(anonymous, 's', { to: address })).toBe('accepted');
    await bed.attachSource({ address }, { identity });
    const foreign = bed.attachSource({ address }, { identity: bed.identity() });
    await expect(foreign).rejects.toMatchObject({ condition: 'amqp:unauthorized-access' });
  });

  it('of a target are received from by its connection, and topics give to each receiver', async () => {
    const bed = bedOf();
    const identity = bed.identity();
    const target = { dynamic: true, capabilities: ['temporary-topic'] };
    const { terminus } = await bed.attachTarget(target, { identity });
    const { address } = terminus as { address: string };
    expect(address).toMatch(/^amqp\.temp-topic\./);
    await bed.attachSource({ address }, { identity });
    expect(bed.sources[0]?.plan.reading).toEqual({ kind: 'reader' });
    expect(bed.targets[0]?.plan.entries).toBe('batched');
  });

  it('are denied by rules, and nothing is made then', async () => {
    const bed = bedOf([{ type: 'queue', name: 'amqp.temp-', effect: 'deny', actions: ['consume'] }]);
    const attach = bed.attachSource({ dynamic: true });
    await expect(attach).rejects.toMatchObject({ condition: 'amqp:unauthorized-access' });
    expect(bed.admin.calls).toEqual([]);
    await bed.attachTarget({ dynamic: true });
  });

  it('end with the link that they were made for when it is closed, else with their connection', async () => {
    const bed = bedOf();
    const identity = bed.identity();
    const [one, two, three] = [
      await bed.attachSource({ dynamic: true }, { identity }),
      await bed.attachSource({ dynamic: true }, { identity }),
      await bed.attachTarget({ dynamic: true }, { identity }),
    ];
    expect(bed.admin.names).toHaveLength(3);
    await one.close(true);
    await two.close(false);
    three.close();
    await settled();
    expect(bed.admin.names).toEqual([two.terminus.address]);
    const again = await bed.attachSource({ address: two.terminus.address }, { identity });
    await again.close(true);
    await settled();
    expect(bed.admin.names).toEqual([two.terminus.address]);
    bed.directory.closeConnection(identity);
    bed.directory.closeConnection(identity);
    await settled();
    expect(bed.admin.names).toEqual([]);
    const late = bed.attachTarget({ address: two.terminus.address });
    await expect(late).rejects.toMatchObject({ condition: 'amqp:not-found' });
  });

  it('are not left behind by a connection that goes while they are made, or whose queue could not be', async () => {
    const bed = bedOf();
    const identity = bed.identity();
    let open = () => {};
    bed.admin.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const attach = bed.attachSource({ dynamic: true }, { identity });
    bed.directory.closeConnection(identity);
    open();
    await expect(attach).rejects.toThrow();
    await settled();
    expect(bed.admin.names).toEqual([]);
    bed.admin.createSubscription = () => Promise.reject(new Error('broken'));
    await expect(bed.attachSource({ dynamic: true })).rejects.toThrow('broken');
    expect(bed.admin.names).toEqual([]);
  });

  it('are bounded per connection', async () => {
    const bed = bedOf();
    const identity = bed.identity();
    for (let count = 0; count < 128; count++) await bed.attachSource({ dynamic: true }, { identity });
    const more = bed.attachSource({ dynamic: true }, { identity });
    await expect(more).rejects.toMatchObject({ condition: 'amqp:resource-limit-exceeded' });
    await bed.attachSource({ dynamic: true });
    await bed.directory.close();
    expect(bed.admin.names).toEqual([]);
  });
});

describe('temporary nodes of a gateway that is gone', () => {
  function sweeping() {
    const bed = bedOf();
    const self = { instance: 'Gate-1' } as Member;
    let members = [self, { instance: 'Gate-2' } as Member];
    let version = 1;
    let chosen = self;
    const nodes = new TemporaryNodes({
      ...{ topics: new AmqpTopicRegistry(bed.admin), admin: bed.admin, log: silentLog, sweepMs: 3_600_000 },
      tenants: [bed.tenant] as never,
      cluster: {
        ...{ self, members: () => members, nodeOf: () => chosen },
        get version() {
          return version;
        },
      },
    });
    const become = (next: { members?: Member[]; chosen?: Member }) => {
      ({ members = members, chosen = chosen } = next);
      version++;
    };
    const add = (instance: string) => {
      bed.admin.add(`amqp.temp-queue.${instance}.${other}`, 0);
    };
    const sweep = async () => {
      await nodes.sweep();
      await settled();
    };
    return { bed, nodes, become, add, sweep, self };
  }

  it('are deleted at the second look without it, and all others stay', async () => {
    const { bed, nodes, become, add, sweep, self } = sweeping();
    add('gate-1');
    add('gate-2');
    bed.admin.add('orders');
    bed.admin.add('amqp.temp-like', 1);
    await sweep();
    expect(bed.admin.names).toHaveLength(4);
    become({ members: [self] });
    await sweep();
    expect(bed.admin.names).toHaveLength(4);
    await sweep();
    expect(bed.admin.names.sort()).toEqual(['amqp.temp-like', `amqp.temp-queue.gate-1.${other}`, 'orders']);
    bed.admin.calls.length = 0;
    // Nobody came or went: nothing is asked.
    await sweep();
    await sweep();
    expect(bed.admin.calls.length).toBeLessThan(2);
    await nodes.close();
  });

  it('are spared when it is there again at the second look', async () => {
    const { bed, nodes, become, add, sweep, self } = sweeping();
    add('gate-2');
    become({ members: [self] });
    await sweep();
    become({ members: [self, { instance: 'Gate-2' } as Member] });
    await sweep();
    become({ members: [self] });
    await sweep();
    expect(bed.admin.names).toHaveLength(1);
    await sweep();
    expect(bed.admin.names).toEqual([]);
    await nodes.close();
  });

  it('are left to the gateway that is chosen for the tenant, and tried again where Pulsar did not answer', async () => {
    const { bed, nodes, become, add, sweep, self } = sweeping();
    add('gate-3');
    become({ chosen: { instance: 'Gate-2' } as Member });
    await sweep();
    await sweep();
    expect(bed.admin.calls).toEqual([]);
    become({ chosen: self });
    bed.admin.broken = 503;
    await sweep();
    bed.admin.broken = undefined;
    await sweep();
    bed.admin.deleteTopic = () => Promise.reject(new Error('away'));
    await sweep();
    Reflect.deleteProperty(bed.admin, 'deleteTopic');
    expect(bed.admin.names).toHaveLength(1);
    await sweep();
    expect(bed.admin.names).toEqual([]);
    await nodes.close();
  });
});
