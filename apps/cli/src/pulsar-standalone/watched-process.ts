// A child that never outlives its parent: a shell watches a pipe from the parent and ends the child when it closes,
// which the kernel does however the parent dies.
import { type ChildProcess, spawn } from 'node:child_process';

const stopGraceSeconds = 20;

/**
 * Runs "$@"; prints its process id; TERM, then KILL, when the pipe on stdin ends; then runs $PULSEGATE_AFTER_STOP.
 * The pipe is moved to descriptor 3 since a shell gives its background jobs an empty stdin.
 */
const watchdog = `
exec 3<&0
"$@" </dev/null 3<&- >>"$PULSEGATE_OUTPUT_FILE" 2>&1 &
child=$!
echo "$child"
exec >/dev/null
trap 'kill -TERM $child 2>/dev/null' TERM INT HUP
(
  trap - TERM INT HUP
  read -r nothing <&3
  kill -TERM $child 2>/dev/null
  left=${stopGraceSeconds * 10}
  while kill -0 $child 2>/dev/null && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
  kill -KILL $child 2>/dev/null
) &
watcher=$!
wait $child
status=$?
while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
kill -TERM $watcher 2>/dev/null
[ -z "$PULSEGATE_AFTER_STOP" ] || sh -c "$PULSEGATE_AFTER_STOP" >/dev/null 2>&1
exit $status
`;

export interface WatchedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Where stdout and stderr are appended. */
  readonly outputFile: string;
  /** A shell command that runs when the process has ended, e.g. to remove a container. */
  readonly afterStop?: string;
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface WatchedProcess {
  readonly pid: number;
  /** Resolves with how it ended, e.g. `exit status 1`. */
  readonly ended: Promise<string>;
  /** Asks it to end (TERM), forces it after 20 s, and resolves when it is gone. */
  stop(): Promise<void>;
  /** KILL, as a crash would. */
  kill(): Promise<void>;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('\n')) resolve(text.trim());
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error('the watchdog ended before its process started')));
  });
}

export async function startWatchedProcess(options: WatchedProcessOptions): Promise<WatchedProcess> {
  const child = spawn('sh', ['-c', watchdog, 'watchdog', options.command, ...options.args], {
    cwd: options.cwd,
    // In its own session, so that Ctrl-C in a terminal reaches only the parent, which stops things in its own order.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...process.env,
      ...options.env,
      PULSEGATE_OUTPUT_FILE: options.outputFile,
      PULSEGATE_AFTER_STOP: options.afterStop ?? '',
    },
  });
  child.stdin!.on('error', () => {}); // the watchdog may be gone already; 'close' says so
  const ended = new Promise<string>((resolve) => {
    child.once('close', (status, signal) => resolve(signal ? `signal ${signal}` : `exit status ${status}`));
  });
  const pid = Number(await firstLine(child));
  return {
    pid,
    ended,
    stop: async () => {
      child.stdin!.end();
      await ended;
    },
    kill: async () => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended already
      }
      await ended;
    },
  };
}
