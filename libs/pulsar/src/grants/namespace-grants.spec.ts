import { describe, expect, it } from '@jest/globals';
import { type GrantFacts, NamespaceGrants } from './namespace-grants.js';

const grants = (facts: Partial<GrantFacts> = {}) =>
  new NamespaceGrants({
    namespace: 't/n',
    policies: {
      namespace_auth: { alice: ['produce', 'consume'], 'iot-*': ['produce'], '*-reader': ['consume'] },
      destination_auth: {
        'persistent://t/n/orders': { bob: ['consume'] },
        'persistent://t/n/orders-partition-0': { carol: ['consume'] },
        'persistent://t/other/orders': { dave: ['consume'] },
        'non-persistent://t/n/orders': { erin: ['consume'] },
      },
      subscription_auth_roles: { audit: ['auditor'], open: [] },
    },
    subscriptionAuthMode: 'None',
    tenantAdmins: ['chief'],
    superusers: ['root'],
    wildcards: false,
    ...facts,
  });

describe('what Pulsar has granted', () => {
  it('on the namespace holds for every topic of it', () => {
    expect(grants().may('alice', 'produce', 'anything')).toBe(true);
    expect(grants().mayAnywhere('alice', 'consume')).toBe(true);
    expect(grants().may('nobody', 'produce', 'anything')).toBe(false);
    expect(grants().mayAnywhere('nobody', 'produce')).toBe(false);
  });

  it('on a topic holds for it alone: not for others, not from a partition, another namespace or domain', () => {
    expect(grants().may('bob', 'consume', 'orders')).toBe(true);
    expect(grants().may('bob', 'produce', 'orders')).toBe(false);
    expect(grants().may('bob', 'consume', 'orders2')).toBe(false);
    expect(grants().mayAnywhere('bob', 'consume')).toBe(true);
    for (const role of ['carol', 'dave', 'erin']) {
      expect(grants().may(role, 'consume', 'orders')).toBe(false);
    }
  });

  it('lets administrators of the tenant and superusers do everything', () => {
    for (const role of ['chief', 'root']) {
      expect(grants().isAdministrator(role)).toBe(true);
      expect(grants().may(role, 'produce', 'orders')).toBe(true);
      expect(grants().mayUseSubscription(role, 'audit')).toBe(true);
    }
    expect(grants().isAdministrator('alice')).toBe(false);
  });

  it('knows wildcards only where the brokers do', () => {
    expect(grants().may('iot-7', 'produce', 'x')).toBe(false);
    const wild = grants({ wildcards: true });
    expect(wild.may('iot-7', 'produce', 'x')).toBe(true);
    expect(wild.may('iot-7', 'consume', 'x')).toBe(false);
    expect(wild.may('the-reader', 'consume', 'x')).toBe(true);
    expect(wild.may('reader', 'consume', 'x')).toBe(false);
  });

  it('takes a star in the name of a role for a star', () => {
    expect(grants().may('iot-*', 'produce', 'x')).toBe(true);
    expect(grants({ wildcards: true }).may('*', 'consume', 'x')).toBe(false);
  });

  it('tells what lets a role consume, to see what it loses', () => {
    expect([...grants().grounds('alice', 'consume')]).toEqual(['t/n']);
    expect([...grants().grounds('bob', 'consume')]).toEqual(['persistent://t/n/orders']);
    expect([...grants().grounds('chief', 'consume')]).toEqual(['administrator']);
    expect([...grants().grounds('nobody', 'consume')]).toEqual([]);
  });

  it('keeps subscriptions for their roles', () => {
    expect(grants().mayUseSubscription('alice', 'audit')).toBe(false);
    expect(grants().mayUseSubscription('auditor', 'audit')).toBe(true);
    expect(grants().mayUseSubscription('alice', 'open')).toBe(true);
    expect(grants().mayUseSubscription('alice', 'unnamed')).toBe(true);
    const prefix = grants({ subscriptionAuthMode: 'Prefix' });
    expect(prefix.mayUseSubscription('alice', 'alice-1')).toBe(true);
    expect(prefix.mayUseSubscription('alice', 'bob-1')).toBe(false);
  });

  it('is not fooled by roles and topics that are named like what objects have', () => {
    for (const role of ['constructor', '__proto__', 'toString', '']) {
      expect(grants().may(role, 'produce', 'x')).toBe(false);
      expect(grants().mayUseSubscription(role, '__proto__')).toBe(true);
      expect(grants().isAdministrator(role)).toBe(false);
    }
    const policies = JSON.parse('{"namespace_auth":{"__proto__":["produce"]}}') as GrantFacts['policies'];
    expect(grants({ policies }).may('__proto__', 'produce', 'x')).toBe(true);
    expect(grants({ policies }).may('alice', 'produce', 'x')).toBe(false);
  });

  it('is nothing where there are no policies', () => {
    expect(grants({ policies: {} }).mayAnywhere('alice', 'produce')).toBe(false);
  });
});
