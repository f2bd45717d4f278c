import { describe, expect, it } from '@jest/globals';
import { byServerName, serverNameFault, serverNameOf } from './server-name.js';

describe('server names', () => {
  it.each([
    ['acme.example', 'acme.example'],
    ['ACME.Example', 'acme.example'],
    ['localhost', 'localhost'],
    ['b0.acme_1.example', 'b0.acme_1.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['acme.example.', undefined],
    ['acme..example', undefined],
    ['-acme.example', undefined],
    ['acme.example\n', undefined],
    ['acme\0.example', undefined],
    ['*.acme.example', undefined],
    ['acme/../beta', undefined],
    ['bücher.example', undefined],
    ['İ.example', undefined],
    ['\u212aafka.example', undefined],
    [`${'a'.repeat(64)}.example`, undefined],
    [`${'a.'.repeat(127)}a`, undefined],
    ['::1', undefined],
    ['', undefined],
  ])('%j is %j', (sent, expected) => expect(serverNameOf(sent)).toBe(expected));

  it('refuses configured names that could never be asked for', () => {
    expect(['acme.example', '*.acme.example', '*.example'].map(serverNameFault)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const name of [
      'Acme.example',
      '*',
      '*.',
      '*.*.example',
      'a.*.example',
      '*acme.example',
      'acme.example:9093',
    ]) {
      expect([name, serverNameFault(name)]).toEqual([name, expect.stringContaining('host name')]);
    }
  });

  it('finds the exact one, then the one for its rest, one label deep', () => {
    const entries = new Map([
      ['acme.example', 1],
      ['*.acme.example', 2],
      ['b.acme.example', 3],
    ]);
    const names = [
      'acme.example',
      'a.acme.example',
      'b.acme.example',
      'x.a.acme.example',
      'beta.example',
      'example',
      'acme',
    ];
    expect(names.map((name) => byServerName(entries, name))).toEqual([
      1,
      2,
      3,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
