import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runCli } from '../cli.js';

const folder = mkdtempSync(join(tmpdir(), 'acl-test-'));
const config = join(folder, 'pulsegate.yaml');
let printed = '';

beforeAll(() => {
  writeFileSync(
    config,
    `
kafka: { listeners: [{ name: kafka, host: 127.0.0.1, port: 9092 }] }
tenants:
  - name: acme
    namespace: acme/kafka
    users: [{ name: alice, password: x, groups: [writers] }]
    permissions:
      - { principals: [group:writers], actions: [produce], resource: { type: topic, match: prefix, name: orders } }
      - { effect: deny, principals: ['*'], actions: ['*'], resource: { type: topic, name: orders-secret } }
      - { principals: ['*'], actions: [alter], resource: { type: topic, match: prefix, name: 'dev.%u.%c.' } }
      - { principals: ['*'], actions: [produce], resource: { type: mqtt-topic, match: filter, name: 'd/%c/#' }, qos: [0, 1], retain: false }
      - { principals: ['*'], actions: [consume], resource: { type: mqtt-topic, match: filter, name: 'd/#' } }
      - { effect: deny, principals: ['*'], actions: [consume], resource: { type: mqtt-topic, match: filter, name: 'd/secret' } }
  - { name: empty, namespace: empty/kafka }
`,
  );
  const take = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(take);
  jest.spyOn(process.stderr, 'write').mockImplementation(take);
});
afterEach(() => {
  printed = '';
});
afterAll(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const ask = (...args: string[]) => runCli(['node', 'pulsegate', 'acl', 'test', ...args, '-c', config]);

describe('pulsegate acl test', () => {
  it.each<[string, number, string]>([
    ['alice produce topic:orders -t acme', 0, 'by permission 1 of the tenant: allow group:writers produce'],
    ['alice describe topic:orders -t acme', 0, 'permission 1'],
    ['alice produce topic:orders-secret -t acme', 1, 'by permission 2 of the tenant: deny *'],
    ['alice consume topic:orders -t acme', 1, 'no rule allows it'],
    ['bob produce topic:orders -t acme', 1, 'no rule allows it'],
    ['bob produce topic:orders -t acme -g writers,others', 0, 'bob (groups writers, others)'],
    ['alice alter-configs topic:dev.alice.app.x -t acme --client-id app', 0, 'permission 3'],
    ['alice alter-configs topic:dev.alice.app.x -t acme', 1, 'no rule allows it'],
    ['anonymous alter topic:dev.anonymous.app.x -t acme --client-id app', 1, 'no rule allows it'],
    ['bob produce mqtt-topic:d/c1/x -t acme --client-id c1', 0, 'by permission 4 of the tenant'],
    ['bob produce mqtt-topic:d/c1/x -t acme --client-id c1', 0, 'Pulsar topics: d'],
    ['bob produce mqtt-topic:d/c1/x -t acme --client-id c2', 1, 'no rule allows it'],
    ['bob produce mqtt-topic:d/c1/x -t acme --client-id c1 --qos 2', 1, 'no rule allows it'],
    ['bob produce mqtt-topic:d/c1/x -t acme --client-id c1 --retain', 1, 'no rule allows it'],
    ['alice produce mqtt-topic:orders/1 -t acme', 0, 'by permission 1 of the tenant'],
    ['bob consume mqtt-topic:d/+ -t acme', 0, 'but not all of it'],
    ['bob consume mqtt-topic:d/secret -t acme', 1, 'by permission 6 of the tenant: deny'],
    ['bob consume mqtt-topic:# -t acme', 1, 'all others that MQTT clients publish to'],
    ['bob produce mqtt-topic:d/# -t acme', 2, 'nobody may use this name'],
    ['bob produce mqtt-topic:$SYS/x -t acme', 2, 'begin with "$" are the server\'s'],
    ['bob delete mqtt-topic:d -t acme', 2, 'clients publish to an mqtt-topic'],
    ['bob produce mqtt-topic:d -t acme --qos 3', 2, 'a QoS is 0, 1 or 2'],
    ['alice produce topic:orders -t empty', 1, 'no rule allows it'],
    ['alice produce topic:orders', 2, 'say which tenant: acme, empty'],
    ['alice produce topic:orders -t other', 2, 'there is no tenant other'],
    ['alice write topic:orders -t acme', 2, 'an action is one of'],
    ['alice produce orders -t acme', 2, 'a resource is TYPE:NAME'],
    ['alice produce topic:orders-partition-0 -t acme', 2, 'nobody may use this name'],
    ['acme/alice produce topic:orders -t acme', 2, 'a user name has no "/"'],
  ])('%s', async (line, code, said) => {
    expect([await ask(...line.split(' ')), printed]).toEqual([code, expect.stringContaining(said)]);
  });

  it('says it for programs', async () => {
    expect(await ask('alice', 'alter', 'cluster', '-t', 'acme', '--json')).toBe(1);
    expect(JSON.parse(printed)).toEqual({
      tenant: 'acme',
      user: 'alice',
      groups: ['writers'],
      action: 'alter',
      resource: { type: 'cluster', name: 'cluster' },
      allowed: false,
      rule: null,
    });
  });
});
