// What one run of jest leaves for `npm test` (deploy/run-tests.mjs), and what is counted of two runs.

export interface SuiteCounts {
  /** Of the source, from the repository's root. */
  readonly name: string;
  /** Of what jest runs. */
  readonly path: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface RunResults {
  readonly suites: readonly SuiteCounts[];
  /** All suites have ended, though jest itself may not have. */
  readonly complete: boolean;
}

const repeatedSuitesMax = 8;

/**
 * Suites to run once more, alone: a machine of two cores is busy with others beside them, and a limit of time may have been
 * too short for that. None when only one suite ran, or when so many failed that it is no chance.
 */
export function suitesToRepeat({ suites, complete }: RunResults): readonly SuiteCounts[] {
  const failed = suites.filter((suite) => suite.failed > 0);
  return complete && suites.length > 1 && failed.length <= repeatedSuitesMax ? failed : [];
}

/** The second run of a suite counts in the place of its first; what did not come to its second end keeps its first. */
export function counted(
  first: RunResults,
  second: RunResults | undefined,
): { passed: number; failed: number; skipped: number } {
  const again = new Map(second?.suites.map((suite) => [suite.path, suite]));
  const suites = first.suites.map((suite) => again.get(suite.path) ?? suite);
  const sum = (what: 'passed' | 'failed' | 'skipped') =>
    suites.reduce((total, suite) => total + suite[what], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
