// jest's reporter for `npm test`: a line for each suite as it ends, failures in full, counts into a file for the runner.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResults, SuiteCounts } from './test-results.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));
const stillRunningEveryMs = 30_000;

interface Suite {
  readonly path: string;
}

interface SuiteResult {
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly failureMessage?: string | null;
  readonly testExecError?: unknown;
  readonly perfStats: { readonly start: number; readonly end: number };
  readonly testResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly duration?: number | null;
  }[];
}

const slowTestMs = 20_000;

function nameOf(suite: Suite): string {
  return relative(dist, suite.path).replace(/\.js$/, '.ts');
}

/** The shape jest calls; see its documentation on custom reporters. */
export default class SuiteReporter {
  private readonly running = new Map<string, number>();
  private readonly suites: SuiteCounts[] = [];
  private lastLineAt = Date.now();
  private timer: NodeJS.Timeout | undefined;

  private say(line: string): void {
    this.lastLineAt = Date.now();
    process.stdout.write(`${line}\n`);
  }

  onRunStart(): void {
    this.timer = setInterval(() => {
      if (Date.now() - this.lastLineAt < stillRunningEveryMs || this.running.size === 0) return;
      const each = [...this.running].map(
        ([name, since]) => `${name} (${Math.round((Date.now() - since) / 1_000)} s)`,
      );
      this.say(`       still running: ${each.join(', ')}`);
    }, 1_000);
    this.timer.unref();
  }

  onTestFileStart(suite: Suite): void {
    this.running.set(nameOf(suite), Date.now());
  }

  onTestFileResult(suite: Suite, result: SuiteResult): void {
    const name = nameOf(suite);
    this.running.delete(name);
    // A suite that cannot even be loaded has no failing test, yet has failed.
    const failures = result.numFailingTests + (result.testExecError && result.numFailingTests === 0 ? 1 : 0);
    const skipped = result.numPendingTests + result.numTodoTests;
    this.suites.push({
      ...{ name, path: suite.path },
      ...{ passed: result.numPassingTests, failed: failures, skipped },
    });
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1_000).toFixed(1);
    const counts = `${result.numPassingTests} passed${failures ? `, ${failures} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
    this.say(`${failures ? 'FAILED' : 'ok    '} ${name} (${counts}, ${seconds} s)`);
    for (const test of result.testResults) {
      if (test.status === 'pending' || test.status === 'todo') this.say(`         skipped: ${test.fullName}`);
      else if ((test.duration ?? 0) > slowTestMs)
        this.say(`         ${Math.round(test.duration! / 1_000)} s: ${test.fullName}`);
    }
    if (failures && result.failureMessage) this.say(result.failureMessage);
  }

  onRunComplete(): void {
    clearInterval(this.timer);
    const file = process.env.PULSEGATE_TEST_RESULTS;
    const results: RunResults = { suites: this.suites, complete: true };
    if (file) writeFileSync(file, JSON.stringify(results));
  }

  getLastError(): undefined {
    return undefined;
  }
}
