import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Log, silentLog } from '#libs/telemetry';
import type { AuthorizationRule } from '../authorization-rule.js';
import { Authorizer } from '../authorizer.js';
import type { ScramCredential } from '../scram-credential.js';
import { SecurityStateError } from '../security-rules.js';
import { acme, demo } from '../testing/tenants.js';
import { SecurityState, type SecurityStateOptions, type SecurityValues } from './security-state.js';

/** What all gateways agree on, in memory. */
class Values implements SecurityValues {
  ready = true;
  fault: string | undefined;
  delay = () => Promise.resolve();
  readonly stored = new Map<string, Buffer>();
  readonly #listeners: ((key: string, value: Buffer | undefined) => void)[] = [];

  get(key: string): Buffer | undefined {
    return this.stored.get(key);
  }

  async put(key: string, value: Buffer | null): Promise<void> {
    await this.delay();
    if (this.fault !== undefined) throw Object.assign(new Error('not stored'), { fault: this.fault });
    this.set(key, value);
  }

  set(key: string, value: Buffer | string | null): void {
    if (value === null) this.stored.delete(key);
    else this.stored.set(key, Buffer.from(value));
    for (const listener of this.#listeners) listener(key, this.stored.get(key));
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.#listeners.push(listener);
    return () => {};
  }
}

const allow: AuthorizationRule = {
  principals: ['user:ann'],
  actions: ['produce'],
  resource: { type: 'topic', match: 'literal', name: 'orders' },
};
const deny: AuthorizationRule = { ...allow, effect: 'deny' };
const ann = { tenant: acme, user: 'ann', groups: [], anonymous: false, source: 'scram' } as const;
const orders = { type: 'topic', name: 'orders' } as const;

function credential(change: Partial<ScramCredential> = {}): ScramCredential {
  const [salt, storedKey, serverKey] = [Buffer.alloc(16, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
  return { mechanism: 'SCRAM-SHA-256', iterations: 4_096, salt, storedKey, serverKey, ...change };
}

describe('rules and credentials in the common state', () => {
  let values: Values;
  let authorizer: Authorizer;

  beforeEach(() => {
    values = new Values();
    authorizer = new Authorizer([]);
  });

  const state = (options: Partial<SecurityStateOptions> = {}) =>
    new SecurityState({ values, authorizer, log: silentLog, ...options });

  const faultOf = (changed: Promise<void>) =>
    changed.then(
      () => 'none',
      (error: SecurityStateError) => error.fault,
    );

  const mayProduce = (principal = ann) => authorizer.authorize(principal, 'produce', orders);

  it('decide as soon as they are made, here and at other gateways, in their tenant alone', async () => {
    const there = new Authorizer([]);
    const [here] = [state(), state({ authorizer: there })];
    expect(mayProduce()).toBe(false);
    await here.add('acme', [allow]);
    expect([mayProduce(), there.authorize(ann, 'produce', orders)]).toEqual([true, true]);
    expect(mayProduce({ ...ann, tenant: demo })).toBe(false);
    await here.add('acme', [deny]);
    expect(mayProduce()).toBe(false);
    const denying = here.rules('acme').find(({ rule }) => rule.effect === 'deny')!;
    await here.remove('acme', [denying.id]);
    expect([mayProduce(), here.rules('demo')]).toEqual([true, []]);
  });

  it('are one for all that say the same', async () => {
    const here = state();
    await here.add('acme', [
      { ...allow, principals: ['user:ann', 'user:bob'], actions: ['produce', 'consume'] },
      { ...allow, effect: 'allow', principals: ['user:bob', 'user:ann'], actions: ['consume', 'produce'] },
    ]);
    await here.add('acme', [
      { ...allow, principals: ['user:ann', 'user:bob'], actions: ['consume', 'produce'] },
    ]);
    expect(here.rules('acme')).toHaveLength(1);
    expect(values.stored.size).toBe(1);
    await here.remove('acme', ['nobody-made-this', here.rules('acme')[0]!.id, '../demo']);
    expect(values.stored.size).toBe(0);
  });

  it.each([
    ['no JSON', '{'],
    ['another version', '{"v":2,"rule":{}}'],
    ['no rule', '{"v":1}'],
    ['a rule without an effect', JSON.stringify({ v: 1, rule: allow })],
    ['a rule of a later version', JSON.stringify({ v: 1, rule: { ...deny, actions: ['administer'] } })],
    ['a principal that is none', JSON.stringify({ v: 1, rule: { ...deny, principals: [7] } })],
    ['a resource that is none', JSON.stringify({ v: 1, rule: { ...deny, resource: null } })],
    ['an array', '[1]'],
  ])('that cannot be read deny everything in their tenant until they are gone: %s', async (_what, value) => {
    const lines: string[] = [];
    const log: Log = { ...silentLog, error: ({ event }) => lines.push(String(event)) };
    const here = state({ log });
    const everything: AuthorizationRule = {
      principals: ['*'],
      actions: ['*'],
      resource: { type: '*', match: 'prefix', name: '' },
    };
    authorizer.setRules('acme', 'config', [everything]);
    authorizer.setRules('demo', 'config', [everything]);
    values.set('rule/acme/x', value);
    await Promise.resolve();
    expect([mayProduce(), mayProduce({ ...ann, tenant: demo })]).toEqual([false, true]);
    expect(lines).toEqual(['security.unreadable']);
    await here.add('acme', [allow]);
    expect(mayProduce()).toBe(false);
    values.set('rule/acme/x', null);
    await Promise.resolve();
    expect(mayProduce()).toBe(true);
  });

  it.each([
    '',
    'rule',
    'rule/',
    'rule//x',
    'rule/acme/x/y',
    'scram/acme/PLAIN/ann',
    'scram/acme/SCRAM-SHA-256/',
    'x/acme/y',
  ])('under a key that is nobody’s change nothing: %j', async (key) => {
    const here = state();
    values.set(key, '{');
    await here.add('acme', [allow]);
    expect(mayProduce()).toBe(true);
    expect(here.scram.list('acme')).toEqual([]);
  });

  it('that cannot be are refused before anything is stored', async () => {
    const here = state();
    const wrong = { ...allow, resource: { ...allow.resource, name: '' } };
    expect(await faultOf(here.add('acme', [allow, wrong]))).toBe('refused');
    const scram = (user: string, change: Partial<ScramCredential> = {}) =>
      faultOf(here.scram.set('acme', user, credential(change)));
    for (const user of ['', 'a/b', 'a b', 'a\u0000', 'anonymous', '\ud800', 'u'.repeat(129)]) {
      expect([user, await scram(user)]).toEqual([user, 'refused']);
    }
    for (const iterations of [0, 4_095, 16_385, Number.NaN, 4_096.5]) {
      expect([iterations, await scram('ann', { iterations })]).toEqual([iterations, 'refused']);
    }
    expect(await scram('ann', { salt: Buffer.alloc(0) })).toBe('refused');
    expect(await scram('ann', { storedKey: Buffer.alloc(64) })).toBe('refused');
    expect(values.stored.size).toBe(0);
  });

  it('are bounded per tenant', async () => {
    const here = state({ rulesMax: 2, scramCredentialsMax: 1 });
    const named = (name: string) => ({ ...allow, resource: { ...allow.resource, name } });
    await here.add('acme', [named('a'), named('b')]);
    expect(await faultOf(here.add('acme', [named('b'), named('c')]))).toBe('limit');
    await here.add('acme', [named('b')]);
    await here.add('demo', [named('c')]);
    await here.scram.set('acme', 'ann', credential());
    await here.scram.set('acme', 'ann', credential({ iterations: 8_192 }));
    expect(await faultOf(here.scram.set('acme', 'bob', credential()))).toBe('limit');
    await here.scram.remove('acme', 'ann', 'SCRAM-SHA-256');
    await here.scram.set('acme', 'bob', credential());
  });

  it('are bounded when many are made at once', async () => {
    const here = state({ rulesMax: 3, scramCredentialsMax: 2 });
    values.delay = () => new Promise((resolve) => setImmediate(resolve));
    const named = (name: string) => ({ ...allow, resource: { ...allow.resource, name } });
    const added = [...'abcd'].map((name) =>
      faultOf(here.add('acme', [named(`${name}1`), named(`${name}2`)])),
    );
    expect(await Promise.all(added)).toEqual(['none', 'limit', 'limit', 'limit']);
    await here.add('acme', [named('e')]);
    const set = ['ann', 'bob', 'cid'].map((user) => faultOf(here.scram.set('acme', user, credential())));
    expect(await Promise.all(set)).toEqual(['none', 'none', 'limit']);
    // What could not be stored takes no room.
    for (const { id } of here.rules('acme')) await here.remove('acme', [id]);
    values.fault = 'unavailable';
    expect(await faultOf(here.add('acme', [named('f'), named('g'), named('h')]))).toBe('unavailable');
    values.fault = undefined;
    await here.add('acme', [named('f'), named('g'), named('h')]);
  });

  it('are neither told nor changed while they are not known', async () => {
    const here = state();
    await here.add('acme', [allow]);
    values.ready = false;
    for (const ask of [
      () => here.rules('acme'),
      () => here.scram.list('acme'),
      () => here.scramCredential('acme', 'ann', 'SCRAM-SHA-256'),
    ]) {
      expect(ask).toThrow(expect.objectContaining({ fault: 'unavailable' }));
    }
    expect(await faultOf(here.add('acme', [deny]))).toBe('unavailable');
    expect(await faultOf(here.remove('acme', []))).toBe('unavailable');
    expect(await faultOf(here.scram.set('acme', 'ann', credential()))).toBe('unavailable');
    expect(await faultOf(here.scram.remove('acme', 'ann', 'SCRAM-SHA-256'))).toBe('unavailable');
    // What was decided by stays in force.
    expect(mayProduce()).toBe(true);
  });

  it.each([
    ['unavailable', 'unavailable'],
    ['unconfirmed', 'timeout'],
    ['full', 'limit'],
    ['invalid', 'refused'],
    ['something else', 'timeout'],
  ])('say why they were not stored: %s', async (fault, told) => {
    const here = state();
    values.fault = fault;
    expect(await faultOf(here.add('acme', [allow]))).toBe(told);
    expect(await faultOf(here.scram.set('acme', 'ann', credential()))).toBe(told);
  });

  it('give each user its credentials, and say who changed', async () => {
    const here = state();
    const told: string[] = [];
    const unfollow = here.onChange((tenant, user) => told.push(`${tenant}/${user}`));
    const long = credential({
      mechanism: 'SCRAM-SHA-512',
      storedKey: Buffer.alloc(64, 4),
      serverKey: Buffer.alloc(64, 5),
    });
    await here.scram.set('acme', 'ann', credential());
    await here.scram.set('acme', 'ann', long);
    expect(here.scramCredential('acme', 'ann', 'SCRAM-SHA-512')).toEqual(long);
    expect(here.scramCredential('demo', 'ann', 'SCRAM-SHA-512')).toBeUndefined();
    expect([...here.scramCredentials('SCRAM-SHA-256')]).toEqual([credential()]);
    expect(here.scram.list('acme').map(({ mechanism }) => mechanism)).toEqual([
      'SCRAM-SHA-256',
      'SCRAM-SHA-512',
    ]);
    await here.scram.remove('acme', 'ann', 'SCRAM-SHA-256');
    unfollow();
    await here.scram.remove('acme', 'ann', 'SCRAM-SHA-512');
    expect(told).toEqual(['acme/ann', 'acme/ann', 'acme/ann']);
    expect(here.scram.list('acme')).toEqual([]);
  });

  it.each([
    '{',
    '{"v":1}',
    JSON.stringify({ v: 1, iterations: 1, salt: 'AA==', storedKey: '', serverKey: '' }),
  ])('that cannot be read let nobody in: %s', async (value) => {
    const here = state();
    await here.scram.set('acme', 'ann', credential());
    values.set('scram/acme/SCRAM-SHA-256/ann', value);
    expect(here.scramCredential('acme', 'ann', 'SCRAM-SHA-256')).toBeUndefined();
  });

  it('leave the users of the configuration to the operator', async () => {
    const operator = { user: 'root', mechanism: 'SCRAM-SHA-256', iterations: 4_096 } as const;
    const isConfigured = (tenant: string, user: string) => tenant === 'acme' && user === 'root';
    const configured = { isConfigured, list: (tenant: string) => (tenant === 'acme' ? [operator] : []) };
    // It was made at another gateway, before the operator took the name.
    await state().scram.set('acme', 'root', credential({ iterations: 5_000 }));
    const here = state({ configured });
    values.set('scram/acme/SCRAM-SHA-256/root', values.stored.get('scram/acme/SCRAM-SHA-256/root')!);
    expect(here.scram.list('acme')).toEqual([operator]);
    expect(await faultOf(here.scram.set('acme', 'root', credential()))).toBe('configured');
    expect(await faultOf(here.scram.remove('acme', 'root', 'SCRAM-SHA-256'))).toBe('configured');
    await here.scram.set('demo', 'root', credential());
  });

  it('keep no secret that could be logged in with, and name none in errors', async () => {
    const here = state();
    await here.scram.set('acme', 'ann', credential());
    const [record] = [...values.stored.values()];
    expect(Object.keys(JSON.parse(record!.toString()))).toEqual([
      'v',
      'iterations',
      'salt',
      'storedKey',
      'serverKey',
    ]);
    const error = await here.scram
      .set('acme', 'ann', credential({ iterations: 1 }))
      .catch((thrown) => thrown);
    expect(String(error)).not.toContain(credential().storedKey.toString('base64'));
  });
});
