import { describe, expect, it } from '@jest/globals';
import { checkConfig } from './config-file.js';
import { listenerSecurity, securityWarnings } from './security-summary.js';

const tls = { certFile: '/server.pem', keyFile: '/server.key' };
const tenants = [
  { name: 'acme', namespace: 'acme/kafka', users: [{ name: 'alice', password: 'never-shown' }] },
  { name: 'beta', namespace: 'beta/kafka' },
];

function configOf(listeners: readonly object[], users = true) {
  return checkConfig({ kafka: { listeners }, tenants: users ? tenants : [{ ...tenants[1] }] });
}

describe('the effective security', () => {
  it('says of each listener who gets in, and no secret', () => {
    const listeners = [
      { name: 'local', port: 9092, anonymousTenant: 'beta' },
      { name: 'public', host: '0.0.0.0', port: 9093, tls, proxyProtocol: { from: ['10.0.0.0/24'] } },
      { name: 'devices', host: '0.0.0.0', port: 9094, tls: { ...tls, caFile: '/ca', clientAuth: 'require' } },
    ];
    const security = listenerSecurity(configOf(listeners));
    expect(security).toEqual([
      {
        listener: 'local',
        address: '127.0.0.1:9092',
        tls: 'off',
        proxies: [],
        sasl: ['PLAIN'],
        users: 1,
        anonymousTenant: 'beta',
      },
      expect.objectContaining({
        listener: 'public',
        tls: 'on',
        proxies: ['10.0.0.0/24'],
        anonymousTenant: 'refused',
      }),
      expect.objectContaining({ listener: 'devices', tls: 'on, client certificate required' }),
    ]);
    expect(JSON.stringify(security)).not.toContain('never-shown');
  });

  it.each([
    ['127.0.0.1', undefined, []],
    ['localhost', undefined, []],
    ['::1', undefined, []],
    ['0.0.0.0', undefined, ['plaintext-passwords']],
    ['::', undefined, ['plaintext-passwords']],
    ['10.1.2.3', undefined, ['plaintext-passwords']],
    ['0.0.0.0', tls, []],
  ])('of passwords on %s with TLS %s warns of %s', (host, listenerTls, reasons) => {
    const config = configOf([{ name: 'a', host, port: 9092, ...(listenerTls && { tls: listenerTls }) }]);
    expect(securityWarnings(config).map((each) => each.reason)).toEqual(reasons);
  });

  it('warns of a listener that nobody can get in by', () => {
    const config = configOf([{ name: 'a', port: 9092 }], false);
    expect(securityWarnings(config)).toMatchObject([{ listener: 'a', reason: 'nobody-gets-in' }]);
  });
});
