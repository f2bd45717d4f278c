// Rows of a wall table side by side: each waits for Pulsar most of its time.
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { Wall, WallBetween } from './wall.js';

const usualRowsAtATime = 8;
/** Of one row; then it has failed, and the next one goes on. */
const rowMsMax = 25_000;
/** Of a row and all before it. */
const runMsMax = 120_000;

/** Where the rows of a table are used once. */
export interface WallPlace<Side> {
  /** e.g. `two gateways` */
  readonly where: string;
  readonly between: WallBetween;
  /** New ones for each row, or those that are kept for all. */
  sides(): readonly [Side, Side];
  /** They are not closed after each row. */
  readonly areKept?: boolean;
}

/** Makes a jest test of each row, in each place. */
export function describeWalls<Side extends { close(): void }>(
  walls: readonly Wall<Side>[],
  places: readonly WallPlace<Side>[],
  { rowsAtATime = usualRowsAtATime }: { readonly rowsAtATime?: number } = {},
): void {
  for (const [at, place] of places.entries()) {
    const rows = walls.filter(({ between }) => between?.includes(place.between) ?? true);
    describe(`between two ${place.between}, at ${place.where}`, () => {
      const outcomes = rows.map(() => Promise.withResolvers<void>());
      for (const { promise } of outcomes) promise.catch(() => {});

      beforeAll(() => {
        const left = [...rows.entries()];
        const work = async () => {
          for (let next = left.shift(); next !== undefined; next = left.shift()) {
            const [row, wall] = next;
            await useRow(place, wall, `row-${at}-${row}`).then(outcomes[row]!.resolve, outcomes[row]!.reject);
          }
        };
        void Promise.all(Array.from({ length: rowsAtATime }, work));
      });

      afterAll(() => Promise.allSettled(outcomes.map(({ promise }) => promise)));

      it.each(rows.map(({ operation, tries }, row) => [operation, tries, row] as const))(
        '%s: %s',
        (_operation, _tries, row) => outcomes[row]!.promise,
        runMsMax,
      );
    });
  }
}

async function useRow<Side extends { close(): void }>(
  place: WallPlace<Side>,
  wall: Wall<Side>,
  name: string,
): Promise<void> {
  const sides = place.sides();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done in ${rowMsMax} ms`)), rowMsMax);
  try {
    await Promise.race([wall.run(...sides, name), late.promise]);
  } finally {
    clearTimeout(timer);
    if (!place.areKept) for (const side of sides) side.close();
  }
}
