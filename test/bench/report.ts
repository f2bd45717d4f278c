import Table from 'cli-table3';
import { median } from './statistics.js';

/** What was measured against its goals. Printed as a table; a goal that is missed makes the exit code 1. */
export class Report {
  private readonly table = new Table({
    head: ['what', 'median', 'all runs', 'goal', ''],
    style: { head: [], border: [] },
  });

  atLeast(what: string, values: readonly number[], goal: number): void {
    this.row(what, values, `>= ${goal}`, median(values) >= goal);
  }

  atMost(what: string, values: readonly number[], goal: number): void {
    this.row(what, values, `<= ${goal}`, median(values) <= goal);
  }

  /** What has no goal. */
  told(what: string, values: readonly number[]): void {
    this.row(what, values, '', undefined);
  }

  print(): void {
    process.stdout.write(`${this.table.toString()}\n`);
  }

  private row(what: string, values: readonly number[], goal: string, good: boolean | undefined): void {
    const all = values.map((each) => each.toFixed(2)).join(' ');
    this.table.push([
      what,
      median(values).toFixed(2),
      all,
      goal,
      good === undefined ? '' : good ? 'reached' : 'MISSED',
    ]);
    if (good === false) process.exitCode = 1;
  }
}
