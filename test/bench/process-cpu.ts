import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds, user and system, that the threads of a process have used; to the nanosecond, as the scheduler counts them. */
export function cpuSeconds(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(threads).map((thread) =>
    Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}
