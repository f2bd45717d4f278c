import { describe, expect, it } from '@jest/globals';
import { ConfigError, checkConfig } from '../config-file.js';

const files = { certFile: '/a.pem', keyFile: '/a.key' };
const tenants = [{ name: 'acme', namespace: 'acme/kafka', users: [{ name: 'alice', password: 'x' }] }];

function faultsOf(listener: object, users = true): string[] {
  try {
    const known = users ? tenants : [{ ...tenants[0], users: [] }];
    checkConfig({ kafka: { listeners: [{ name: 'a', port: 9092, ...listener }] }, tenants: known });
    return [];
  } catch (error) {
    return (error as ConfigError).faults.map(
      ({ key, message }) => `${key.replace(/^kafka.listeners.0./, '')}: ${message}`,
    );
  }
}

describe('TLS of a listener', () => {
  const named = (...serverNames: string[]) => ({ serverNames, ...files });

  it('takes certificates by name', () => {
    const certificates = [named('acme.example', '*.acme.example'), named('beta.example')];
    expect(faultsOf({ tls: { ...files, minVersion: 'TLSv1.3', certificates } })).toEqual([]);
  });

  it.each([
    [
      { certificates: [named('Acme.example')] },
      'tls.certificates.0.serverNames.0: a host name in lower case',
    ],
    [{ certificates: [named('a.*.example')] }, 'tls.certificates.0.serverNames.0: a host name in lower case'],
    [{ certificates: [named()] }, 'tls.certificates.0.serverNames: '],
    [
      { certificates: [named('a.b'), named('c.d', 'a.b')] },
      'tls.certificates.1.serverNames.1: a.b is used by',
    ],
    [{ certificates: [{ serverNames: ['a.b'], certFile: '/a.pem' }] }, 'tls.certificates.0.keyFile: '],
    [{ minVersion: 'TLSv1.1' }, 'tls.minVersion: '],
    [{ clientAuth: 'request' }, 'tls.caFile: needed to check client certificates'],
  ])('refuses %j', (tls, fault) => {
    const faults = faultsOf({ tls: { ...files, ...tls } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});

describe('proxies before a listener', () => {
  it.each(['10.0.0.0/24', '10.0.0.1', '2001:db8::/32'])('may be %s', (range) => {
    expect(faultsOf({ proxyProtocol: { from: [range] } })).toEqual([]);
  });

  it.each(['0.0.0.0/0', '::/0', '10.0.0.0/33', 'balancer.example', ''])('may not be %j', (range) => {
    expect(faultsOf({ proxyProtocol: { from: [range] } })[0]).toContain(
      'proxyProtocol.from.0: an IP address',
    );
  });

  it('are not left open', () => {
    expect(faultsOf({ proxyProtocol: { from: [] } })).toHaveLength(1);
  });

  it('make what is bound to loopback reachable for others', () => {
    const proxyProtocol = { from: ['127.0.0.1'] };
    const anonymous = { anonymousTenant: 'acme' };
    expect(faultsOf(anonymous)).toEqual([]);
    expect(faultsOf({ ...anonymous, proxyProtocol })[0]).toContain(
      'anonymousTenant: whoever reaches its proxies',
    );
    expect(faultsOf({ ...anonymous, proxyProtocol, allowAnonymousBeyondLoopback: true })).toEqual([]);
    const saslMechanisms = ['PLAIN'];
    expect(faultsOf({ saslMechanisms })).toEqual([]);
    expect(faultsOf({ saslMechanisms, proxyProtocol })[0]).toContain(
      'PLAIN would cross the network in plain text',
    );
    expect(faultsOf({}, false)).toEqual([]);
    expect(faultsOf({ proxyProtocol }, false)[0]).toContain('host: nobody is configured who may come');
  });
});

describe('a host name that begins like a loopback address', () => {
  it.each(['127.0.0.1.example', '127.example'])('is none: %s', (host) => {
    expect(faultsOf({ host, anonymousTenant: 'acme' })[0]).toContain('whoever reaches');
  });
});
