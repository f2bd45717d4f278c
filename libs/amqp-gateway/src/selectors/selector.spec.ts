import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { amqpLong, amqpString } from '#libs/amqp-codec';
import type { OutgoingDelivery } from '../node.js';
import { evaluated, partsOf, type SelectorSample, typed } from '../testing/selector-sample.js';
import { SelectorFilter } from './selector-filter.js';

describe('selectors: values and comparisons', () => {
  it.each([
    ['n = 5', true],
    ['n = 5.0', true],
    ['n <> 5', false],
    ['n > 4 AND n < 6', true],
    ['n >= 5 and n <= 5', true],
    ['d = 2.5', true],
    ['d < 2.5', false],
    ['n > d', true],
    ['byte = -3', true],
    ['uint = +7', true],
    ['big = 9007199254740993', true],
    ['big = 9007199254740992', false],
    ['when > 1699999999999', true],
    ["s = 'abc'", true],
    ["s <> 'abd'", true],
    ["quote = 'it''s'", true],
    ["ch = '😀'", true],
    ['t', true],
    ['f', false],
    ['t = TRUE', true],
    ['t <> false', true],
    ['(n = 5) = t', true],
    ['$dollar = 1 AND _under = 1 AND a.b = 1 AND grün = 1', true],
    ['"with-dash" = 1', true],
    ['"it\'s" = 1', true],
    // Names differ by case, keywords do not.
    ['N IS NULL', true],
    ['n Is Not nUlL', true],
    // What has no type of a selector is as if it were not there.
    ['bytes IS NULL', true],
    ['nothing IS NULL', true],
    // Values of different types: neither equal nor different.
    ["n = '5'", false],
    ["n <> '5'", false],
    ['s = 5', false],
    ['t = 1', false],
    ['s > 5', false],
  ])('%s is %j', (selector, expected) => {
    expect(evaluated(selector, typed)).toBe(expected);
  });

  it.each([
    ['2 + 3 * 4 = 14', true],
    ['(2 + 3) * 4 = 20', true],
    ['10 - 2 - 3 = 5', true],
    ['8 / 2 / 2 = 2', true],
    ['7 / 2 = 3', true],
    ['7 / 2.0 = 3.5', true],
    ['-n = -5', true],
    ['- -n = 5', true],
    ['n * -2 = -10', true],
    ['n + d = 7.5', true],
    ['n / 0 = 1', undefined],
    ['missing + 1 = 1', undefined],
    ['s + 1 = 1', undefined],
    ['-missing = 1', undefined],
    ['9223372036854775807 + 1 = -9223372036854775808', true],
    ['0x1F = 31 AND 017 = 15 AND 5L = 5', true],
    ['1E3 = 1000 AND .5 = 0.5 AND 7. = 7 AND 2.5f = 2.5', true],
  ])('%s is %j', (selector, expected) => {
    expect(evaluated(selector, typed)).toBe(expected);
  });
});

describe('selectors: three-valued logic (Jakarta Messaging 3.8.1.2)', () => {
  const values = { T: 'TRUE', F: 'FALSE', U: 'missing' } as const;
  const result = { T: true, F: false, U: undefined } as const;

  it.each(['TT T', 'TF F', 'TU U', 'FT F', 'FF F', 'FU F', 'UT U', 'UF F', 'UU U'])('AND: %s', (row) => {
    const [a, b, , expected] = row as unknown as (keyof typeof values)[];
    expect(evaluated(`${values[a!]} AND ${values[b!]}`)).toBe(result[expected!]);
  });

  it.each(['TT T', 'TF T', 'TU T', 'FT T', 'FF F', 'FU U', 'UT T', 'UF U', 'UU U'])('OR: %s', (row) => {
    const [a, b, , expected] = row as unknown as (keyof typeof values)[];
    expect(evaluated(`${values[a!]} OR ${values[b!]}`)).toBe(result[expected!]);
  });

  it.each(['T F', 'F T', 'U U'])('NOT: %s', (row) => {
    const [a, , expected] = row as unknown as (keyof typeof values)[];
    expect(evaluated(`NOT ${values[a!]}`)).toBe(result[expected!]);
  });

  it.each([
    ['missing = missing', undefined],
    ['missing <> 1', undefined],
    ['missing IS NULL', true],
    ['missing IS NOT NULL', false],
    ['missing BETWEEN 1 AND 2', undefined],
    ['missing NOT BETWEEN 1 AND 2', undefined],
    ["missing IN ('a')", undefined],
    ["missing NOT IN ('a')", undefined],
    ["missing LIKE 'a%'", undefined],
    ["missing NOT LIKE 'a%'", undefined],
    ['n = 5 OR missing = 1', true],
    ['n = 6 AND missing = 1', false],
    ['NOT missing = 1', undefined],
    // A property that is no condition.
    ['s AND TRUE', undefined],
    ['NOT s', undefined],
  ])('%s is %j', (selector, expected) => {
    expect(evaluated(selector, typed)).toBe(expected);
  });

  it('AND binds closer than OR, NOT closer than both', () => {
    expect(evaluated('TRUE OR TRUE AND FALSE')).toBe(true);
    expect(evaluated('(TRUE OR TRUE) AND FALSE')).toBe(false);
    expect(evaluated('NOT FALSE AND FALSE')).toBe(false);
    expect(evaluated('NOT (FALSE AND FALSE)')).toBe(true);
    expect(evaluated('NOT NOT TRUE')).toBe(true);
  });

  it('is that of a plain evaluation of the same tree', () => {
    type Tree = { text: string; value: boolean | undefined };
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<Tree>(
          { text: 'TRUE', value: true },
          { text: 'FALSE', value: false },
          { text: 'u', value: undefined },
        ),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
          text: `(${a.text} AND ${b.text})`,
          value:
            a.value === false || b.value === false
              ? false
              : a.value === undefined || b.value === undefined
                ? undefined
                : true,
        })),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
          text: `(${a.text} OR ${b.text})`,
          value:
            a.value === true || b.value === true
              ? true
              : a.value === undefined || b.value === undefined
                ? undefined
                : false,
        })),
        tie('tree').map((a) => ({
          text: `NOT ${a.text}`,
          value: a.value === undefined ? undefined : !a.value,
        })),
      ),
    }));
    fc.assert(
      fc.property(tree, ({ text, value }) => void expect(evaluated(text)).toBe(value)),
      { numRuns: 300 },
    );
  });
});

describe('selectors: BETWEEN, IN, LIKE', () => {
  it.each([
    ['n BETWEEN 5 AND 6', true],
    ['n BETWEEN 6 AND 7', false],
    ['n NOT BETWEEN 6 AND 7', true],
    ['n BETWEEN 2 + 2 AND 3 * 2 AND t', true],
    ['d BETWEEN 2 AND 3', true],
    ["s IN ('x', 'abc')", true],
    ["s NOT IN ('x', 'abc')", false],
    ["s IN ('ABC')", false],
    ["n IN ('5')", false],
    ["s LIKE 'a%'", true],
    ["s LIKE 'a_c'", true],
    ["s LIKE '_'", false],
    ["s LIKE '%'", true],
    ["s LIKE 'a%%c'", true],
    ["s LIKE '%b'", false],
    ["s LIKE ''", false],
    ["s NOT LIKE 'b%'", true],
    ["ch LIKE '_'", true],
    ["n LIKE '5'", false],
  ])('%s is %j', (selector, expected) => {
    expect(evaluated(selector, typed)).toBe(expected);
  });

  it.each([
    ["v LIKE '\\_%' ESCAPE '\\'", '_foo', true],
    ["v LIKE '\\_%' ESCAPE '\\'", 'bar', false],
    ["v LIKE '100!%' ESCAPE '!'", '100%', true],
    ["v LIKE '100!%' ESCAPE '!'", '1000', false],
    ["v LIKE 'a!!b' ESCAPE '!'", 'a!b', true],
    ["v LIKE 'a.*b'", 'axxb', false],
    ["v LIKE '12%3'", '12993', true],
    ["v LIKE '12%3'", '1234', false],
    ["v LIKE 'l_se'", 'loose', false],
    ["v LIKE '%a%b%'", 'xxaxxbxx', true],
    ["v LIKE '%aab'", 'aaaaaab', true],
  ])('%s for %j is %j', (selector, v, expected) => {
    expect(evaluated(selector, { application: { v } })).toBe(expected);
  });

  it('LIKE is what the same regular expression says', () => {
    const piece = fc.constantFrom('a', 'b', '%', '_', '.', '\n');
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.constantFrom('a', 'b', '.', '\n')), (pattern, text) => {
        const source = pattern
          .map((each) => (each === '%' ? '.*' : each === '_' ? '.' : `[${each}]`))
          .join('');
        const expected = new RegExp(`^${source}$`, 's').test(text.join(''));
        const given = evaluated(`v LIKE '${pattern.join('')}'`, { application: { v: text.join('') } });
        expect(given).toBe(expected);
      }),
    );
  });

  it('LIKE has an end, whatever is compared: unknown', () => {
    const v = 'a'.repeat(1_000_000);
    const selector = `v LIKE '%${'a'.repeat(2_000)}b'`;
    const startedMs = performance.now();
    expect(evaluated(selector, { application: { v } })).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe('selectors: what AMQP calls them', () => {
  const uuid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

  it.each<[string, SelectorSample]>([
    ["JMSMessageID = 'ID:1'", { properties: { messageId: amqpString('ID:1') as never } }],
    ["JMSMessageID = 'ID:AMQP_NO_PREFIX:1'", { properties: { messageId: amqpString('1') as never } }],
    [
      "JMSMessageID = 'ID:AMQP_STRING:ID:AMQP_UUID:x'",
      { properties: { messageId: amqpString('ID:AMQP_UUID:x') as never } },
    ],
    [
      "JMSMessageID = 'ID:AMQP_ULONG:7'",
      { properties: { messageId: { type: 'ulong', value: 7n } as never } },
    ],
    [
      "JMSMessageID = 'ID:AMQP_UUID:00112233-4455-6677-8899-aabbccddeeff'",
      { properties: { messageId: { type: 'uuid', value: uuid } as never } },
    ],
    [
      "JMSMessageID = 'ID:AMQP_BINARY:0AFF'",
      { properties: { messageId: { type: 'binary', value: Buffer.of(10, 255) } as never } },
    ],
    ["JMSCorrelationID = 'order 7'", { properties: { correlationId: amqpString('order 7') as never } }],
    [
      "JMSCorrelationID LIKE 'ID:AMQP_ULONG:%'",
      { properties: { correlationId: { type: 'ulong', value: 7n } as never } },
    ],
    ["JMSType = 'car'", { properties: { subject: 'car' } }],
    [
      'JMSTimestamp BETWEEN 1700000000000 AND 1700000000001',
      { properties: { creationTime: 1_700_000_000_000n } },
    ],
    ['JMSPriority = 4', {}],
    ['JMSPriority > 6', { header: { priority: 7 } }],
    ["JMSDeliveryMode = 'NON_PERSISTENT'", {}],
    ["JMSDeliveryMode = 'PERSISTENT'", { header: { durable: true } }],
    ["JMSXGroupID = 'g' AND JMSXGroupSeq = 3", { properties: { groupId: 'g', groupSequence: 3 } }],
    ["JMSXUserID = 'alice'", { properties: { userId: Buffer.from('alice') } }],
    ['JMSXDeliveryCount = 3', { header: { deliveryCount: 2 } }],
    ['JMSXDeliveryCount = 1', {}],
    ['JMSMessageID IS NULL AND JMSType IS NULL AND JMSTimestamp IS NULL AND JMSXGroupID IS NULL', {}],
    [
      'amqp.annotation.x-opt-sequence-number > 41',
      { annotations: { 'x-opt-sequence-number': amqpLong(42n) } },
    ],
    [
      "amqp.annotation.x-opt-sequence-number > '41'",
      { annotations: { 'x-opt-sequence-number': amqpLong(42n) } },
    ],
    [
      "amqp.annotation.x-opt-partition-key = 'k'",
      { annotations: { 'x-opt-partition-key': amqpString('k') } },
    ],
    ['amqp.annotation.none IS NULL', {}],
    ['constructor IS NULL AND toString IS NULL AND __proto__ IS NULL', {}],
  ])('%s', (selector, sample) => {
    expect(evaluated(selector, sample)).toBe(true);
  });

  it('only what is true matches, and what is no message does not', () => {
    const filter = new SelectorFilter('n = 5');
    const matches = (parts: Buffer[]) => filter.matches({ parts, bytes: 0 } as unknown as OutgoingDelivery);
    expect(matches(partsOf({ application: { n: 5n } }))).toBe(true);
    expect(matches(partsOf({ application: { n: 6n } }))).toBe(false);
    expect(matches(partsOf({}))).toBe(false);
    expect(matches([Buffer.from('none of AMQP')])).toBe(false);
    // Found to be none when it is decoded: a map of an odd number of values.
    expect(matches([Buffer.from('005374c1040141016e', 'hex')])).toBe(false);
  });
});
