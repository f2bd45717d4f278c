// Rows of a table side by side, in tests of their own: each waits for others most of its time.
import { afterAll, beforeAll } from '@jest/globals';

/** Of one row; then it has failed, and the next one goes on. */
const rowMsMax = 25_000;

/**
 * To be called in a `describe`: begins with the rows when its tests do, so many at a time.
 *
 * @returns what becomes of a row, for its test
 */
export function runRows<Row>(
  rows: readonly Row[],
  atATime: number,
  run: (row: Row, index: number) => Promise<void>,
): (index: number) => Promise<void> {
  const outcomes = rows.map(() => Promise.withResolvers<void>());
  for (const { promise } of outcomes) promise.catch(() => {});

  beforeAll(() => {
    const left = [...rows.entries()];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [index, row] = next;
        const { resolve, reject } = outcomes[index]!;
        await inTime(() => run(row, index)).then(resolve, reject);
      }
    };
    void Promise.all(Array.from({ length: atATime }, work));
  });

  afterAll(() => Promise.allSettled(outcomes.map(({ promise }) => promise)));

  return (index) => outcomes[index]!.promise;
}

async function inTime(run: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done in ${rowMsMax} ms`)), rowMsMax);
  try {
    await Promise.race([run(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
