import { describe, expect, it } from '@jest/globals';
import { TenantDirectory } from '#libs/tenancy';
import { silentLog } from '#libs/telemetry';
import { checkConfig } from './config-file.js';
import { authenticatorOf } from './identities.js';
import { listenerSecurity, securityWarnings } from './security-summary.js';
import { tenantsOf } from './tenants.js';

const tls = { certFile: '/server.pem', keyFile: '/server.key' };
const tenants = [
  { name: 'acme', namespace: 'acme/kafka', users: [{ name: 'alice', password: 'never-shown' }] },
  { name: 'beta', namespace: 'beta/kafka' },
];

function configured(listeners: readonly object[], users = true) {
  const config = checkConfig({ kafka: { listeners }, tenants: users ? tenants : [{ ...tenants[1] }] });
  const directory = new TenantDirectory(tenantsOf(config));
  return [config, authenticatorOf({ config, tenants: directory, log: silentLog })] as const;
}

describe('the effective security', () => {
  it('says of each listener who gets in, and no secret', () => {
    const listeners = [
      { name: 'local', port: 9092, anonymousTenant: 'beta' },
      { name: 'public', host: '0.0.0.0', port: 9093, tls, proxyProtocol: { from: ['10.0.0.0/24'] } },
      { name: 'devices', host: '0.0.0.0', port: 9094, tls: { ...tls, caFile: '/ca', clientAuth: 'require' } },
      { name: 'bare', host: '0.0.0.0', port: 9095, tenant: 'acme' },
    ];
    const security = listenerSecurity(...configured(listeners));
    expect(security).toEqual([
      {
        listener: 'local',
        address: '127.0.0.1:9092',
        tls: 'off',
        proxies: [],
        sasl: ['PLAIN'],
        certificates: 'are not looked at',
        users: 1,
        sources: [],
        tenant: 'of the user, default none',
        anonymousTenant: 'beta',
      },
      expect.objectContaining({
        listener: 'public',
        tls: 'on',
        proxies: ['10.0.0.0/24'],
        anonymousTenant: 'refused',
      }),
      expect.objectContaining({ listener: 'devices', tls: 'on, client certificate required' }),
      expect.objectContaining({ listener: 'bare', sasl: [], tenant: 'acme' }),
    ]);
    expect(JSON.stringify(security)).not.toContain('never-shown');
  });

  const plaintextPasswords = true;
  it.each([
    ['127.0.0.1', {}, []],
    ['localhost', {}, []],
    ['::1', {}, []],
    ['0.0.0.0', { plaintextPasswords }, ['plaintext-passwords']],
    ['::', { plaintextPasswords }, ['plaintext-passwords']],
    ['10.1.2.3', { plaintextPasswords }, ['plaintext-passwords']],
    ['10.1.2.3', { anonymousTenant: 'acme', allowAnonymousBeyondLoopback: true }, ['anonymous-from-network']],
    ['0.0.0.0', {}, ['passwords-not-taken', 'nobody-gets-in']],
    ['0.0.0.0', { saslMechanisms: ['SCRAM-SHA-256'] }, []],
    ['0.0.0.0', { tls }, []],
  ])('of a listener on %s with %j warns of %s', (host, settings, reasons) => {
    const warnings = securityWarnings(...configured([{ name: 'a', host, port: 9092, ...settings }]));
    expect(warnings.map((each) => each.reason)).toEqual(reasons);
  });

  it('warns of a listener that nobody can get in by', () => {
    const warnings = securityWarnings(...configured([{ name: 'a', port: 9092 }], false));
    expect(warnings).toMatchObject([{ listener: 'a', reason: 'nobody-gets-in' }]);
  });
});
