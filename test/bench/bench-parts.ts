import { say } from './bench-place.js';
import { openFilesMax } from './process-memory.js';

/** Beside those of the idle connections. */
const otherFiles = 1_000;

/**
 * The parts of a benchmark that its arguments name, all where they name none. Undefined, with the exit code set and the
 * reason said: it cannot run.
 *
 * @param connections that it opens at the most
 */
export function partsNamed(
  parts: Readonly<Record<string, unknown>>,
  connections: number,
): readonly string[] | undefined {
  const filesWanted = connections + otherFiles;
  if (openFilesMax() < filesWanted) {
    say(`${connections} connections need more open files than are allowed here: ulimit -n ${filesWanted}`);
    process.exitCode = 1;
    return undefined;
  }
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !(name in parts));
  if (unknown !== undefined) {
    say(`there is no ${unknown}; there are ${Object.keys(parts).join(', ')}`);
    process.exitCode = 2;
    return undefined;
  }
  return named.length === 0 ? Object.keys(parts) : named;
}
