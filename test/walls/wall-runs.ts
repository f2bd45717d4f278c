// Rows of a wall table side by side: each waits for Pulsar most of its time.
import { describe, it } from '@jest/globals';
import { runRows } from '../support/row-runs.js';
import type { Wall, WallBetween } from './wall.js';

const usualRowsAtATime = 8;
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
      const outcomeOf = runRows(rows, rowsAtATime, (wall, row) => useRow(place, wall, `row-${at}-${row}`));

      it.each(rows.map(({ operation, tries }, row) => [operation, tries, row] as const))(
        '%s: %s',
        (_operation, _tries, row) => outcomeOf(row),
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
  try {
    await wall.run(...sides, name);
  } finally {
    if (!place.areKept) for (const side of sides) side.close();
  }
}
