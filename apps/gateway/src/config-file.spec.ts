import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { checkConfig, ConfigError, loadConfig } from './config-file.js';
import { configJsonSchema } from './config-schema.js';

const known = { users: [{ name: 'alice', password: 'x' }] };

/** A configuration with one listener and two tenants. */
function listening(listener: object, acme: object = {}, rest: object = {}): object {
  const tenants = [
    { name: 'acme', namespace: 'a/b', ...acme },
    { name: 'other', namespace: 'c/d' },
  ];
  return { kafka: { listeners: [{ name: 'a', port: 9092, ...listener }] }, tenants, ...rest };
}

function identified(authentication: object): object {
  return listening({}, known, { authentication });
}

describe('the configuration file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pulsegate-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function faultsOf(
    text: string,
    environment: NodeJS.ProcessEnv = {},
  ): readonly { where: string; key: string }[] {
    const file = join(folder, 'pulsegate.yaml');
    writeFileSync(file, text);
    try {
      loadConfig(file, environment);
    } catch (error) {
      if (error instanceof ConfigError) {
        return error.faults.map(({ where, key }) => ({ where: where.replace(`${file}:`, ''), key }));
      }
      throw error;
    }
    return [];
  }

  it('names every fault at once, with line and key', () => {
    const faults = faultsOf(
      [
        'pulsar: { serviceUrl: "http://x" }', // 1
        'kafka:', // 2
        '  nodeld: 3', // 3
        '  listeners:', // 4
        '    - { name: a, host: 127.0.0.1, port: 99999 }', // 5
        'tenants:', // 6
        '  - { name: public, namespace: nowhere }', // 7
      ].join('\n'),
    );
    expect(faults.map((each) => `${each.where.split(':')[0]} ${each.key}`).sort()).toEqual([
      '1 pulsar.serviceUrl',
      '3 kafka.nodeld',
      '5 kafka.listeners.0.port',
      '7 tenants.0.name',
      '7 tenants.0.namespace',
    ]);
  });

  it('finds faults between keys', () => {
    const faults = faultsOf(
      [
        'kafka:',
        '  listeners:',
        '    - { name: a, host: 0.0.0.0, port: 9092, anonymousTenant: acme, defaultTenant: nobody }',
        '    - { name: any, port: 0 }',
        '    - { name: any-too, port: 0 }',
        '    - { name: a, host: 0.0.0.0, port: 9092 }',
        'tenants:',
        '  - { name: acme, namespace: a/b, users: [{ name: alice }] }',
        '  - { name: other, namespace: a/b }',
      ].join('\n'),
    );
    expect(faults.map((each) => each.key).sort()).toEqual([
      'kafka.listeners.0.anonymousTenant',
      'kafka.listeners.0.defaultTenant',
      'kafka.listeners.3.name',
      'kafka.listeners.3.port',
      'tenants.0.users.0',
      'tenants.1.namespace',
    ]);
  });

  it.each([
    [
      '`listener: [{ name: a, host: 0.0.0.0, port: 1 }]`',
      { kafka: { listeners: [{ name: 'a', host: '0.0.0.0', port: 1 }] } },
      ['kafka.listeners.0.host'],
    ],
    [
      'anonymous clients from a network',
      listening({ host: '::', anonymousTenant: 'acme' }),
      ['kafka.listeners.0.anonymousTenant'],
    ],
    [
      'anonymous clients from a network, said twice',
      listening({ host: '::', anonymousTenant: 'acme', allowAnonymousBeyondLoopback: true }),
      [],
    ],
    [
      'passwords in plain text',
      listening({ host: '10.0.0.1', saslMechanisms: ['SCRAM-SHA-256', 'PLAIN', 'OAUTHBEARER'] }, known),
      ['kafka.listeners.0.saslMechanisms.1', 'kafka.listeners.0.saslMechanisms.2'],
    ],
    [
      'passwords in plain text, said twice',
      listening({ host: '10.0.0.1', saslMechanisms: ['PLAIN'], plaintextPasswords: true }, known),
      [],
    ],
    ['passwords on loopback', listening({ saslMechanisms: ['PLAIN'] }, known), []],
    [
      'a mechanism that there is none of',
      listening({ saslMechanisms: ['GSSAPI'] }, known),
      ['kafka.listeners.0.saslMechanisms.0'],
    ],
    [
      'a listener of a tenant that is not there',
      listening({ tenant: 'nowhere' }),
      ['kafka.listeners.0.tenant'],
    ],
    [
      'a listener with two tenants',
      listening({ tenant: 'acme', defaultTenant: 'other', anonymousTenant: 'other' }),
      ['kafka.listeners.0.anonymousTenant', 'kafka.listeners.0.defaultTenant'],
    ],
    ['host names without TLS', listening({}, { serverNames: ['acme.example'] }), ['tenants.0.serverNames']],
    ['a host name that is none', listening({}, { serverNames: ['*'] }), ['tenants.0.serverNames.0']],
    [
      'certificates that nobody is asked for',
      identified({ certificates: [{ from: 'subject.CN', match: '*', user: '$0' }] }),
      ['authentication.certificates'],
    ],
    [
      'a certificate rule that could be two users',
      identified({ certificates: [{ from: 'subject.CN', match: '**', user: '$1', tenant: 'nowhere' }] }),
      [
        'authentication.certificates',
        'authentication.certificates.0',
        'authentication.certificates.0.tenant',
      ],
    ],
  ])('says what is wrong with %s', (_, config, keys) => {
    expect(
      faultsOf(JSON.stringify(config))
        .map(({ key }) => key)
        .sort(),
    ).toEqual(keys);
  });

  it('repeats nothing of a file that is not YAML', () => {
    const file = join(folder, 'secret.yaml');
    for (const text of [
      'tenants: "a" "hunter2"',
      'a: *hunter2',
      'a: [hunter2',
      '"hunter2',
      'a: b: hunter2',
      '%hunter2\n---\na',
    ]) {
      writeFileSync(file, text);
      let message = '';
      try {
        loadConfig(file, {});
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).not.toContain('hunter2');
    }
  });

  it.each(['hunter2', '[hunter2]'])(
    'repeats nothing of a file that is no mapping, with the environment over it: %s',
    (text) => {
      const file = join(folder, 'secret.yaml');
      writeFileSync(file, text);
      let error: unknown;
      try {
        loadConfig(file, { PULSEGATE__admin__port: '8091' });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).faults).toMatchObject([{ where: `${file}:1:1`, key: '' }]);
      expect(String(error)).not.toContain('hunter2');
    },
  );

  it('takes the environment over the file, and names the variable that is wrong', () => {
    expect(faultsOf('admin: { port: 1 }', { PULSEGATE__admin__port: 'many' })).toEqual([
      { where: 'PULSEGATE__admin__port', key: 'admin.port' },
    ]);
    const file = join(folder, 'env.yaml');
    writeFileSync(file, 'admin: { port: 1 }');
    const config = loadConfig(file, {
      PULSEGATE__admin__port: '8091',
      PULSEGATE__tenants__0__name: 'acme',
      PULSEGATE__tenants__0__namespace: 'acme/kafka',
    });
    expect(config.admin.port).toBe(8091);
    expect(config.tenants[0]?.namespace).toBe('acme/kafka');
  });

  it('repeats nothing of a variable that is not YAML, and warns of nothing with its content', () => {
    const file = join(folder, 'secret.yaml');
    writeFileSync(file, 'admin: { port: 1 }');
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const text of [
      '[hunter2',
      '"hunter2',
      '@hunter2',
      '%hunter2',
      'a: hunter2: b',
      '*hunter2',
      '!x hunter2',
    ]) {
      let message = '';
      try {
        loadConfig(file, { PULSEGATE__cluster__secret: text });
      } catch (error) {
        message = `${(error as Error).message}${JSON.stringify(error)}`;
        expect(error).toMatchObject({ faults: [{ where: 'PULSEGATE__cluster__secret' }] });
      }
      expect(message).not.toContain('hunter2');
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('tells a thousand faults, and how many there are besides', () => {
    const faults = faultsOf(`tenants: [${Array(1_500).fill('0')}]`);
    expect(faults.length).toBe(1_001);
    const tenants = Array(1_500).fill({ name: 'a', namespace: 'a/n' });
    expect(() => checkConfig({ tenants })).toThrow(/\n.*there are 1998 faults more$/);
  });

  it('says where YAML itself is broken, and that a file is absent', () => {
    expect(faultsOf('kafka: [').at(0)?.where).toMatch(/^1:/);
    expect(() => loadConfig(join(folder, 'absent.yaml'), {})).toThrow(/there is no such file/);
  });

  it('resolves file names against its own folder', () => {
    const file = join(folder, 'files.yaml');
    writeFileSync(file, 'pulsar: { auth: { method: token, tokenFile: secrets/token } }');
    const { auth } = loadConfig(file, {}).pulsar;
    expect(auth).toEqual({ method: 'token', tokenFile: join(folder, 'secrets/token') });
  });

  it('accepts the example, and has a schema for editors', () => {
    const config = loadConfig('deploy/pulsegate.example.yaml', {});
    expect(config.tenants[0]?.name).toBe('acme');
    expect(JSON.stringify(configJsonSchema())).toContain('"serveUnverified"');
  });
});
