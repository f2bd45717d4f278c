// Rows of an abuse table as tests: side by side, but for those that measure the process.
import { describe, it } from '@jest/globals';
import { runRows } from '../support/row-runs.js';
import type { Abuse, AbuseTable } from './abuse.js';

const atATime = 6;
/** Of a row and all before it. */
const runMsMax = 120_000;

/** Makes a jest test of each row; those that are alone come last. */
export function describeAbuse<Stage>({ rows }: Pick<AbuseTable<Stage>, 'rows'>, stage: () => Stage): void {
  const own = rows.filter((row): row is Abuse<Stage> => 'run' in row);
  for (const alone of [false, true]) {
    const some = own.filter((row) => (row.alone ?? false) === alone);
    if (some.length === 0) continue;
    describe(alone ? 'alone' : 'side by side', () => {
      const outcomeOf = runRows(some, alone ? 1 : atATime, (row) => row.run(stage()));
      it.each(some.map(({ item, tries }, row) => [item, tries, row] as const))(
        '%s: %s',
        (_item, _tries, row) => outcomeOf(row),
        runMsMax,
      );
    });
  }
}
