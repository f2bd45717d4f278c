import { describe, expect, it } from '@jest/globals';
import { TenantDirectory } from '#libs/tenancy';
import { allow, byToken, peer, ScriptedSource, start } from './testing/identities.js';
import { tenant } from './testing/tenants.js';

const [acme, demo] = [tenant('acme'), tenant('demo')];
const everybody = { listeners: [{ name: 'kafka', defaultTenant: 'acme' }] };

describe('the clients of a tenant that is removed', () => {
  it('do not get in by a token that was right before, and do when the tenant comes again', async () => {
    const tenants = new TenantDirectory([acme, demo]);
    const source = new ScriptedSource('tokens', allow('ann', { tenant: demo }));
    const authenticator = start([source], { ...everybody, tenants, users: [] });
    expect(await byToken(authenticator)).toMatchObject({ kind: 'allow' });
    expect(await byToken(authenticator)).toMatchObject({ kind: 'allow' });
    // The second time it was remembered.
    expect(source.asked).toHaveLength(1);
    tenants.replace([acme]);
    expect(await byToken(authenticator)).toEqual({ kind: 'deny', reason: 'unknown-tenant' });
    tenants.replace([acme, demo]);
    expect((await byToken(authenticator)).kind).toBe('allow');
  });

  it('or whose host names are another’s now are asked again who they are', async () => {
    const tenants = new TenantDirectory([{ ...acme, serverNames: ['a.example'] }, demo]);
    const source = new ScriptedSource('tokens', allow('ann', { tenant: tenants.byName('acme')! }));
    const authenticator = start([source], { tenants, users: [], listeners: [{ name: 'kafka' }] });
    const at = { ...peer, serverName: 'a.example' };
    expect((await byToken(authenticator, undefined, at)).kind).toBe('allow');
    tenants.replace([acme, { ...demo, serverNames: ['a.example'] }]);
    await byToken(authenticator, undefined, at);
    expect(source.asked).toHaveLength(2);
  });

  it('do not get in by their passwords, and who listens is told the tenant', async () => {
    const tenants = new TenantDirectory([acme, demo]);
    const users = [
      { name: 'ann', tenant: 'acme', password: 'secret' },
      { name: 'bob', tenant: 'demo', password: 'other' },
    ];
    const authenticator = start([], { ...everybody, tenants, users });
    const removed: string[] = [];
    const forget = authenticator.onTenantRemoved(({ name }) => void removed.push(name));
    expect(await authenticator.plain('demo/bob', 'other', peer)).toMatchObject({ kind: 'allow' });
    expect(authenticator.serves(demo)).toBe(true);
    tenants.replace([acme]);
    expect(removed).toEqual(['demo']);
    expect(authenticator.serves(demo)).toBe(false);
    expect(await authenticator.plain('demo/bob', 'other', peer)).toEqual({
      kind: 'deny',
      reason: 'unknown-tenant',
    });
    expect(await authenticator.plain('ann', 'secret', peer)).toMatchObject({ kind: 'allow' });
    forget();
    tenants.replace([demo]);
    expect(removed).toEqual(['demo']);
  });
});
