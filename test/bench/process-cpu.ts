import { readFileSync } from 'node:fs';

/** Linux counts process times in hundredths of a second (USER_HZ), on every platform that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds, user and system, that a process has used; all its threads. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold spaces, so fields are counted from its closing parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
