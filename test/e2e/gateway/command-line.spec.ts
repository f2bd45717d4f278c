import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scryptVerifier } from '#libs/auth';
import { findFreePort } from '../../support/pulsar.js';
import { ConfigFolder, pulsegate } from './gateway-fixture.js';

// A wrong configuration: every fault is named at once with its place, and no port is opened.

const wrong = [
  'kafka:', // 1
  '  nodeld: 3', // 2
  '  listeners:', // 3
  '    - { name: a, host: 127.0.0.1, port: 99999 }', // 4
  'pulsar: { serviceUrl: "http://x" }', // 5
  'shutdown: { drainTimeoutMs: 86400000 }', // 6
].join('\n');

const referring = (port: number) =>
  [
    'kafka:', // 1
    '  listeners:', // 2
    `    - { name: a, host: 127.0.0.1, port: ${port}, defaultTenant: nobody }`, // 3
    '    - { name: b, host: 127.0.0.1, port: 0, tls: { certFile: no.crt, keyFile: text.key } }', // 4
    'pulsar: { auth: { method: token, tokenFile: no-token } }', // 5
    'tenants:', // 6
    '  - name: acme', // 7
    '    namespace: acme/kafka', // 8
    '    users:', // 9
    '      - { name: alice, passwordEnv: PULSEGATE_TEST_ABSENT }', // 10
    '      - { name: anonymous, password: x }', // 11
    '      - { name: bob, password: "scrypt$3$8$1$AAAA$BBBB" }', // 12
    '      - { name: carol, passwordFile: empty }', // 13
    '    permissions:', // 14
    '      - { principals: ["user:alise"], actions: [produce], resource: { type: topic, name: "%x" } }', // 15
  ].join('\n');

const accepts = (port: number) =>
  fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    () => false,
  );

describe('pulsegate', () => {
  const folder = new ConfigFolder();
  let taken: Server;
  let takenPort: number;
  beforeAll(async () => {
    takenPort = await findFreePort();
    taken = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => taken.listen(takenPort, '127.0.0.1', resolve));
    folder.write('text.key', 'no key');
    folder.write('empty', '\n');
  });
  afterAll(async () => {
    await new Promise((resolve) => taken.close(resolve));
    folder.remove();
  });

  it('names its version and its commands', async () => {
    const version = await pulsegate(['--version']);
    expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const help = await pulsegate(['--help']);
    expect(help.status).toBe(0);
    for (const word of ['start', 'check-config', 'doctor', 'schema', 'hash-password', 'PULSEGATE__']) {
      expect(help.stdout).toContain(word);
    }
    expect((await pulsegate(['strat'])).status).toBe(2);
  });

  it('check-config names every fault with line and key, and ends with 2', async () => {
    const file = folder.write('wrong.yaml', wrong);
    const { status, stderr } = await pulsegate(['check-config', '--config', file]);
    expect(status).toBe(2);
    const places = stderr
      .split('\n')
      .filter((line) => line.startsWith(file))
      .map((line) => line.slice(file.length + 1).replace(/^(\d+):\d+ +([\w.]+):.*$/, '$1 $2'));
    expect(places.sort()).toEqual([
      '2 kafka.nodeld',
      '4 kafka.listeners.0.port',
      '5 pulsar.serviceUrl',
      '6 shutdown.drainTimeoutMs',
    ]);
    expect(stderr).toContain(`4 faults in ${file}`);
  });

  it('check-config looks at what the file points to, and tells no secret', async () => {
    const file = folder.write('referring.yaml', referring(0));
    const { status, stdout } = await pulsegate(['check-config', '--json', '--config', file]);
    expect(status).toBe(2);
    const { valid, faults } = JSON.parse(stdout) as {
      valid: boolean;
      faults: { where: string; key: string; message: string }[];
    };
    expect(valid).toBe(false);
    // A user name that cannot be is told first, with the shape of the file.
    expect(faults.map((each) => each.key)).toEqual(['tenants.0.users.1.name']);
    const second = folder.write('referring.yaml', referring(0).replace('anonymous', 'dora'));
    const rest = JSON.parse((await pulsegate(['check-config', '--json', '--config', second])).stdout) as {
      faults: { where: string; key: string; message: string }[];
    };
    expect(
      rest.faults.map((each) => `${each.where.slice(second.length + 1).split(':')[0]} ${each.key}`).sort(),
    ).toEqual([
      '10 tenants.0.users.0.passwordEnv',
      '12 tenants.0.users.2.password',
      '13 tenants.0.users.3.passwordFile',
      '15 tenants.0.permissions.0',
      '15 tenants.0.permissions.0.principals.0',
      '3 kafka.listeners.0.defaultTenant',
      '4 kafka.listeners.1.tls.certFile',
      '4 kafka.listeners.1.tls.keyFile',
      '5 pulsar.auth.tokenFile',
    ]);
    expect(JSON.stringify(rest)).not.toContain('AAAA');
    const shape = await pulsegate(['check-config', '--json', '--no-references', '--config', second]);
    expect(JSON.parse(shape.stdout).faults).toHaveLength(3);
  });

  it('start with a wrong configuration opens no port and ends with 2', async () => {
    const port = await findFreePort();
    const file = folder.write('start.yaml', referring(port).replace('anonymous', 'dora'));
    let opened = false;
    const ended = pulsegate(['start', '--config', file]);
    const watching = setInterval(() => void accepts(port).then((is) => (opened ||= is)), 50);
    const { status, stderr, stdout } = await ended;
    clearInterval(watching);
    expect({ status, opened, stdout }).toEqual({ status: 2, opened: false, stdout: '' });
    expect(stderr).toContain('environment variable PULSEGATE_TEST_ABSENT is not set');
    expect(stderr).toContain('there is no tenant named nobody');
    expect(stderr).not.toMatch(/\n\s+at /);
    const absent = await pulsegate(['start', '--config', 'absent.yaml']);
    expect(absent).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such file') });
  });

  it('start says in one sentence which port is taken', async () => {
    const admin = await findFreePort();
    const pulsar = 'pulsar: { serviceUrl: "pulsar://127.0.0.1:1", adminUrl: "http://127.0.0.1:1" }';
    const kafkaTaken = `${pulsar}\nkafka: { listeners: [{ name: front, port: ${takenPort} }] }\nadmin: { port: ${admin} }`;
    const kafka = await pulsegate(['start', '--config', folder.write('busy.yaml', kafkaTaken)]);
    expect(kafka.status).toBe(1);
    expect(kafka.stderr).toBe(
      `pulsegate: listener front cannot bind 127.0.0.1:${takenPort}: the port is in use\n`,
    );
    // Not after the cluster was joined: who opens a gateway's port is taken for its successor, and has its node id.
    expect(kafka.stdout).toBe('');
    const adminTaken = `${pulsar}\nadmin: { port: ${takenPort} }`;
    const http = await pulsegate(['start', '--config', folder.write('busy-admin.yaml', adminTaken)]);
    expect(http.status).toBe(1);
    expect(http.stdout).toBe('');
    expect(http.stderr).toBe(
      `pulsegate: the admin HTTP cannot bind 127.0.0.1:${takenPort}: the port is in use\n`,
    );
  });

  it('makes verifiers that check-config takes', async () => {
    const verifier = await scryptVerifier('correct horse');
    const tenant = `{ name: acme, namespace: a/b, users: [{ name: alice, password: "${verifier}" }] }`;
    const { status, stdout } = await pulsegate([
      'check-config',
      '--config',
      folder.write('good.yaml', `tenants: [${tenant}]`),
    ]);
    expect({ status, stdout: stdout.includes('is valid') }).toEqual({ status: 0, stdout: true });
  });
});
