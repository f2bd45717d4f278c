import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runCli } from '../cli.js';

const folder = mkdtempSync(join(tmpdir(), 'map-topic-'));
const config = join(folder, 'pulsegate.yaml');
const broken = join(folder, 'broken.yaml');
let printed = '';

beforeAll(() => {
  const tenants = (rule: string) => `
tenants:
  - name: acme
    namespace: acme/main
    mqtt: { topics: [{ filter: 'devices/+/data', topic: sensors, key: '$1' }, ${rule}] }
`;
  writeFileSync(config, tenants("{ filter: 'logs/#', topic: all-logs }"));
  writeFileSync(broken, tenants("{ filter: 'rooms/+', topic: sensors, key: '$1' }"));
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

const map = (file: string, ...args: string[]) =>
  runCli(['node', 'pulsegate', 'map-topic', ...args, '-c', file]);

describe('pulsegate map-topic', () => {
  it.each<[string, number, string]>([
    ['devices/7/data', 0, 'by            rule 1: devices/+/data -> sensors, key $1'],
    ['devices/7/data', 0, 'Pulsar topic  persistent://acme/main/sensors\n  key           7\n'],
    [
      'a b/7',
      0,
      'Pulsar topic  persistent://acme/main/a.x20b\n  key           a b/7\n  by            the default',
    ],
    ['$SYS/x', 1, 'refused: topics that begin with "$"'],
    ['sensors', 1, 'refused: Pulsar topic sensors and its key are those of the topic devices/sensors/data'],
    ['a/#', 1, 'refused: wildcard in a topic name'],
    [
      '--filter|devices/+/data',
      0,
      'reads  persistent://acme/main/sensors\n  reads  persistent://acme/main/devices',
    ],
    ['--filter|$share/g/+/x', 0, 'reads  every Pulsar topic that MQTT clients publish to'],
    ['--filter|a/#/b', 1, 'refused: # that is not the whole last level'],
    ['x|-t|other', 2, 'there is no tenant other'],
  ])('%s', async (args, code, said) => {
    expect([await map(config, ...args.split('|')), printed]).toEqual([code, expect.stringContaining(said)]);
  });

  it('says it for programs', async () => {
    expect(await map(config, 'devices/7/data', '--json')).toBe(0);
    expect(JSON.parse(printed)).toEqual({
      tenant: 'acme',
      namespace: 'acme/main',
      topic: 'devices/7/data',
      pulsarTopic: 'sensors',
      key: '7',
      ruleNumber: 1,
    });
  });

  it('is not said of rules that are ambiguous: the configuration is refused', async () => {
    expect(await map(broken, 'x')).toBe(2);
    expect(printed).toContain(
      'tenants.0.mqtt.topics.1.key: some messages would have the Pulsar topic and key of others',
    );
  });
});
