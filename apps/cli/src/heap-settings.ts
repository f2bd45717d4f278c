import { setFlagsFromString } from 'node:v8';

/*
 * Requests and record batches are memory outside the heap, which V8 counts by its own rules: from a fixed amount of new
 * memory on, a few tens of MB, it collects everything, which is several times a second here and a third to a half of the
 * CPU time that producing and consuming take (measured: `npm run bench`). Collections of young objects, which are cheap,
 * give that memory back too.
 */

/** Young objects are collected more often. Must be known before the process starts: also in the first line of `main.ts`. */
export const gatewayNodeFlags = ['--max-semi-space-size=8'] as const;

/** Memory outside the heap counts as memory in it does: everything is collected when all of it has grown by so much. */
const growthFlags = ['--external-memory-accounted-in-global-limit', '--heap-growing-percent=200'];

/** To be called first of all. A V8 that does not know one of them any more says so and goes on. */
export function setHeapGrowth(): void {
  for (const flag of growthFlags) setFlagsFromString(flag);
}
