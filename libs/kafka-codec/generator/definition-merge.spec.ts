import { describe, expect, it } from '@jest/globals';
import { mergeMessage } from './definition-merge.js';
import { condition } from './emit-scope.js';
import {
  formatVersions,
  type MessageJson,
  NO_VERSIONS,
  parseMessage,
  parseVersions,
} from './message-definition.js';

const message = (
  validVersions: string,
  fields: MessageJson['fields'],
  more: Partial<MessageJson> = {},
): MessageJson => ({
  name: 'XRequest',
  type: 'request',
  apiKey: 1,
  validVersions,
  flexibleVersions: '9+',
  fields,
  ...more,
});
const field = (name: string, versions: string, more = {}) => ({ name, type: 'int32', versions, ...more });

describe('versions', () => {
  it('are read and written as the definitions have them', () => {
    for (const text of ['3', '3+', '3-7']) expect(formatVersions(parseVersions(text))).toBe(text);
    expect(parseVersions('none')).toBe(NO_VERSIONS);
    expect(() => parseVersions('3..7')).toThrow('not a range');
  });

  it('become the shortest condition that decides', () => {
    const known = { min: 2, max: 9 };
    expect(condition(parseVersions('0+'), known)).toBe('true');
    expect(condition(parseVersions('0-1'), known)).toBe('false');
    expect(condition(parseVersions('4+'), known)).toBe('version >= 4');
    expect(condition(parseVersions('0-4'), known)).toBe('version <= 4');
    expect(condition(parseVersions('4-6'), known)).toBe('version >= 4 && version <= 6');
  });
});

describe('merging definitions', () => {
  it('puts dropped fields behind the one that preceded them', () => {
    const older = message('0-5', [field('A', '0+'), field('Old', '0-1'), field('B', '1+')]);
    const newer = message('2-7', [field('A', '0+'), field('B', '1+'), field('New', '6+')]);
    const merged = mergeMessage(newer, older);
    expect(merged.validVersions).toBe('0-7');
    expect(merged.fields?.map((one) => one.name)).toEqual(['A', 'Old', 'B', 'New']);
  });

  it('goes into structs', () => {
    const list = (names: object[]) => [{ name: 'L', type: '[]S', versions: '0+', fields: names as never }];
    const merged = mergeMessage(
      message('1-2', list([field('A', '0+')])),
      message('0-1', list([field('Z', '0'), field('A', '0+')])),
    );
    expect(merged.fields?.[0]?.fields?.map((one) => one.name)).toEqual(['Z', 'A']);
  });

  it('takes the newest alone where nothing was dropped, or only an early-access version', () => {
    const newer = message('1-2', []);
    expect(mergeMessage(newer, undefined)).toBe(newer);
    expect(mergeMessage(newer, message('none', []))).toBe(newer);
    expect(mergeMessage(newer, message('0', [], { latestVersionUnstable: true }))).toBe(newer);
  });

  it('refuses definitions that contradict each other', () => {
    expect(() => mergeMessage(message('2-3', []), message('0-2', [field('A', '0+')]))).toThrow('vanished');
    expect(() => mergeMessage(message('5', []), message('0-3', []))).toThrow(
      'no definition for versions 4-4',
    );
    const typed = (type: string) => [{ name: 'A', type, versions: '0+' }];
    expect(() => mergeMessage(message('2', typed('int8')), message('0-1', typed('int16')))).toThrow(
      'changed its type',
    );
    expect(() => mergeMessage(message('2', [field('A', '2+')]), message('0-1', [field('A', '0+')]))).toThrow(
      'forgot',
    );
  });
});

describe('parsing definitions', () => {
  it('refuses what the generator does not do', () => {
    const parse = (one: object) => () => parseMessage(message('0', [field('A', '0+', one)]));
    expect(parse({ type: 'int128' })).toThrow('unknown type');
    expect(parse({ type: 'Missing' })).toThrow('no struct');
    expect(parse({ type: '[][]int8' })).toThrow('array of arrays');
    expect(parse({ flexibleVersions: '1+' })).toThrow('flexibleVersions');
    expect(parse({ versions: '0+', taggedVersions: '1+', tag: 0 })).toThrow('tagged in some');
    expect(parse({ type: 'uuid', default: 'x' })).toThrow('default x');
  });

  it('knows the default of every type', () => {
    const literal = (type: string, value?: unknown) =>
      parseMessage(message('0', [field('A', '0+', { type, default: value })])).root.fields[0]!.defaultLiteral;
    expect([literal('bool'), literal('bool', 'true'), literal('int32', '0x7fffffff')]).toEqual([
      'false',
      'true',
      '2147483647',
    ]);
    expect([literal('int64', -1), literal('string'), literal('string', 'null')]).toEqual([
      '-1n',
      "''",
      'null',
    ]);
    expect([literal('uuid'), literal('bytes'), literal('records'), literal('[]int8')]).toEqual([
      'ZERO_UUID',
      'EMPTY_BYTES',
      'null',
      '[]',
    ]);
  });
});
