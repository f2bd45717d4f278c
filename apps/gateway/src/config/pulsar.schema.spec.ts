import { describe, expect, it } from '@jest/globals';
import { ConfigError, checkConfig } from '../config-file.js';
import { ownRole, pulsarClientOptions, rolesToGrant } from '../pulsar-options.js';
import { silentLog } from '#libs/telemetry';

const secret = 'do-not-tell';
const tokenOf = (role: string) =>
  `e30.${Buffer.from(JSON.stringify({ sub: role })).toString('base64url')}.${secret}`;

function faultsOf(pulsar: object, tenant: object, authentication: object = {}): string[] {
  try {
    checkConfig({
      pulsar,
      authentication,
      tenants: [{ name: 'acme', namespace: 'acme/kafka', ...tenant }],
    });
    return [];
  } catch (error) {
    expect((error as Error).message).not.toContain(secret);
    return (error as ConfigError).faults.map(({ key, message }) => `${key}: ${message}`);
  }
}

const token = { method: 'token', token: tokenOf('proxy') };

describe('who the gateway and its tenants are at Pulsar', () => {
  it.each<[string, object, object, string]>([
    ['nobody', {}, { pulsar: {} }, 'tenants.0.pulsar: give role, or auth, or both'],
    [
      'a role that nobody acts for',
      {},
      { pulsar: { role: 'svc' } },
      'tenants.0.pulsar.role: without auth the gateway acts for this role by pulsar.proxyAuth, which is missing',
    ],
    [
      'two tokens',
      {},
      { pulsar: { auth: { ...token, tokenFile: 't' } } },
      'tenants.0.pulsar.auth: give exactly one of token and tokenFile',
    ],
    [
      'a proxy without a token',
      { proxyAuth: { method: 'token' } },
      {},
      'pulsar.proxyAuth: give exactly one of token and tokenFile',
    ],
    [
      'half of the credentials',
      {},
      { pulsar: { auth: { method: 'oauth2', issuerUrl: 'https://id.example', clientId: 'x' } } },
      'tenants.0.pulsar.auth: give either clientId and clientSecret, or credentialsFile',
    ],
    [
      'rules that nobody asks',
      {},
      {
        authorization: 'pulsar',
        permissions: [{ principals: ['*'], actions: ['*'], resource: { type: '*', name: 'x' } }],
      },
      'tenants.0.permissions: nobody asks them: authorization is pulsar',
    ],
  ])('is not %s', (_, pulsar, tenant, fault) => {
    expect(faultsOf(pulsar, tenant)).toEqual([fault]);
  });

  it.each<[string, object]>([
    ['no credentials', { method: 'none' }],
    ["the gateway's certificate", { method: 'tls' }],
  ])('is not %s', (_, auth) => {
    expect(faultsOf({}, { pulsar: { auth } })).not.toEqual([]);
  });

  it('takes tokens of Pulsar for tenants that there are', () => {
    expect(faultsOf({}, {}, { pulsarTokens: { tenants: ['acme', 'absent'] } })).toEqual([
      'authentication.pulsarTokens.tenants.1: there is no tenant named absent',
    ]);
    expect(faultsOf({}, {}, { pulsarTokens: { tenants: [] } })).toHaveLength(1);
  });
});

describe('the configuration as options of the client', () => {
  const config = checkConfig({
    pulsar: { auth: { method: 'basic', username: 'front', password: secret }, proxyAuth: token },
    tenants: [
      { name: 'own', namespace: 'own/n', pulsar: { auth: { method: 'token', token: tokenOf('of-own') } } },
      { name: 'acted', namespace: 'acted/n', pulsar: { role: 'svc' } },
      {
        name: 'certified',
        namespace: 'certified/n',
        pulsar: { role: 'cn', auth: { method: 'tls', certFile: '/absent.crt', keyFile: '/absent.key' } },
      },
      { name: 'plain', namespace: 'plain/n' },
    ],
  });

  it('says who the connections of each tenant are; own credentials go before the role of a proxy', () => {
    const { identities } = pulsarClientOptions(config, silentLog);
    expect(Object.fromEntries(identities ?? [])).toEqual({
      own: { auth: { method: 'token', token: tokenOf('of-own') } },
      acted: { auth: token, originalPrincipal: 'svc' },
      certified: { auth: { method: 'tls' }, tls: { certFile: '/absent.crt', keyFile: '/absent.key' } },
    });
  });

  it('knows which roles need grants, as far as credentials say who they are', () => {
    expect(config.tenants.map((tenant) => rolesToGrant(config, tenant))).toEqual([
      ['of-own'],
      ['svc', 'proxy'],
      ['cn'],
      [],
    ]);
    expect(ownRole(config)).toBe('front');
    const named = { pulsar: { ...config.pulsar, proxyRole: 'named' } };
    expect(rolesToGrant(named, config.tenants[1]!)).toEqual(['svc', 'named']);
  });
});
