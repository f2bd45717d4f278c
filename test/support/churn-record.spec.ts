import { describe, expect, it } from '@jest/globals';
import { ChurnRecord } from './churn-record.js';

const second = 1_000;

/** Lines are `<member> <second> <what>`. */
function recordOf(...lines: readonly string[]): ChurnRecord {
  const record = new ChurnRecord(1);
  for (const line of lines) {
    const [member = '', at, ...words] = line.split(' ');
    record.add({ member, group: 'g', at: Number(at) * second, words });
  }
  return record;
}

const takes = (member: string, at: number, first: number, last: number) => [
  `${member} ${at} assigned 0`,
  `${member} ${at + 1} read 0 ${first} ${last}`,
  `${member} ${at + 2} committing 0=${last + 11}:${last + 1}`,
  `${member} ${at + 3} committed 0=${last + 11}:${last + 1}`,
];

describe('the judge of churn', () => {
  const faultsOf = (record: ChurnRecord, end: number) => record.verdict([end], [], 10 * second).faults;

  it('finds nothing where the next member goes on at what was committed, or before what was not', () => {
    const record = recordOf(
      ...takes('a', 1, 0, 9),
      'a 5 read 0 10 14',
      'a 6 committing 0=25:15',
      'a 7 crashed',
      ...takes('b', 10, 10, 19),
    );
    record.sample({ group: 'g', askedAt: 20 * second, answeredAt: 21 * second, offsets: [30] });
    expect(faultsOf(record, 20)).toEqual([]);
    expect(record.verdict([20], [], second)).toMatchObject({
      repeated: 5,
      commits: 2,
      unownedMsMax: 3 * second,
    });
  });

  it.each([
    [
      'that nobody processed',
      ['lost', 'skips'],
      [...takes('a', 1, 0, 9), 'a 5 left', ...takes('b', 6, 11, 19)],
    ],
    ['at the end that nobody processed', ['lost'], takes('a', 1, 0, 18)],
    ['behind the commit', ['went back'], [...takes('a', 1, 0, 9), 'a 5 left', ...takes('b', 6, 9, 19)]],
    ['that a member jumped over', ['jump', 'lost'], [...takes('a', 1, 0, 9), 'a 8 read 0 12 19']],
    ['of a wrong kind', ['wrong'], [...takes('a', 1, 0, 19), 'a 9 wrong 0 3 4']],
    ['that waited for a member', ['nobody'], [...takes('a', 1, 0, 9), 'a 5 left', ...takes('b', 26, 10, 19)]],
  ])('finds records %s', (_, kinds, lines) => {
    const found = faultsOf(recordOf(...lines), 20).map((fault) => fault.split(':')[0]);
    expect(found.sort()).toEqual(kinds);
  });

  it('finds offsets that an observer saw going back, and those that nobody committed', () => {
    const record = recordOf(...takes('a', 1, 0, 9), ...takes('a', 5, 10, 19).slice(1));
    const at = 20 * second;
    for (const offset of [30, 20, 7]) {
      record.sample({ group: 'g', askedAt: at, answeredAt: at, offsets: [offset] });
    }
    const found = faultsOf(record, 20).map((fault) => fault.split(':')[0]);
    expect(found).toEqual(['went back', 'went back', 'went back', 'foreign']);
  });
});
