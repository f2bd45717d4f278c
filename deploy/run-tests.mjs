// Everything that must hold, in one run: lint, format, and every jest suite against one embedded Pulsar. Ends with
// `N passed, N failed`. `npm test -- PATTERN...` runs only suites whose path matches, without lint and format.
// A few suites that failed beside others run once more, alone; that they did is said at the end.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const support = join(root, 'dist', 'test', 'support');
const { counted, suitesToRepeat } = await import(pathToFileURL(join(support, 'test-results.js')).href);
const resultsFile = join(root, '.pulsegate', `test-results.${process.pid}.json`);
const timeLimitMinutes = Number(process.env.PULSEGATE_TEST_MINUTES_MAX ?? 40);
/** From the last suite's end to that of the embedded Pulsar and jest. */
const lingerMs = 40_000;
const patterns = process.argv.slice(2);
const startedAt = Date.now();

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
let isInterrupted = false;
/** Four fault suites take 260 s of CPU in some 230 s with two of them at a time: a third would only take from the others. */
const workersMax = 2;

const steps = [
  { name: 'lint', args: ['lint', '--error-on-warnings', '.'] },
  { name: 'format', args: ['format', '.'] },
];

/** A style check counts as one test; its output is shown only when it fails. */
function runStep({ name, args }) {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n${status === 0 ? '' : stdout + stderr}`,
  );
  return status === 0;
}

/** Resolves with jest's exit status; null: it was killed. */
function runJest(workers, selection) {
  rmSync(resultsFile, { force: true });
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    // kafkajs's request queue asks for negative timeouts, which only makes Node say so.
    '--disable-warning=TimeoutNegativeWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    `--maxWorkers=${workers}`,
    // jest keeps the modules of every suite: a worker with a heap of 700 MB takes seconds for each full collection.
    '--workerIdleMemoryLimit=300MB',
    `--testSequencer=${join(support, 'longest-first.js')}`,
    `--globalSetup=${join(support, 'global-setup.js')}`,
    `--globalTeardown=${join(support, 'global-teardown.js')}`,
    `--reporters=${join(support, 'suite-reporter.js')}`,
    ...selection,
  ];
  const env = { ...process.env, PULSEGATE_TEST_RESULTS: resultsFile };
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  const timer = setTimeout(
    () => {
      process.stdout.write(`FAILED the run took more than ${timeLimitMinutes} minutes and was ended\n`);
      child.kill('SIGKILL');
    },
    timeLimitMinutes * 60_000 - (Date.now() - startedAt),
  );
  // A suite that failed before it could clean up must not keep the run from ending.
  const lingering = setInterval(() => {
    if (!existsSync(resultsFile) || Date.now() - statSync(resultsFile).mtimeMs < lingerMs) return;
    process.stdout.write('       a suite left something open that kept jest from ending\n');
    child.kill('SIGKILL');
  }, 1_000);
  const end = () => {
    isInterrupted = true;
    child.kill('SIGTERM');
  };
  for (const signal of signals) process.on(signal, end);
  return new Promise((resolve) => {
    child.once('close', (status) => {
      clearTimeout(timer);
      clearInterval(lingering);
      for (const signal of signals) process.off(signal, end);
      resolve(status);
    });
  });
}

function readResults() {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  } catch {
    return { suites: [], complete: false };
  }
}

/** @returns {Promise<{ results: object, fault: boolean }>} `fault`: jest failed with what no suite counts. */
async function run(workers, selection) {
  const status = await runJest(workers, selection);
  const results = readResults();
  const fault =
    !results.complete ||
    (status !== 0 && status !== null && results.suites.every(({ failed }) => failed === 0));
  return { results, fault };
}

async function runAgain(suites) {
  for (const { name } of suites) {
    process.stdout.write(`again  ${name}: failed with other suites beside it; run once more alone\n`);
  }
  return await run(1, ['--runTestsByPath', ...suites.map(({ path }) => path)]);
}

mkdirSync(join(root, '.pulsegate'), { recursive: true });
const stepsPassed = patterns.length > 0 ? [] : steps.map(runStep);
// Ends the list of reporters, which would swallow the patterns.
const first = await run(workersMax, ['--runTestsByPath=false', ...patterns]);
const repeated = isInterrupted ? [] : suitesToRepeat(first.results);
const second = repeated.length > 0 ? await runAgain(repeated) : undefined;
rmSync(resultsFile, { force: true });
const counts = counted(first.results, second?.results);
const passed = counts.passed + stepsPassed.filter((ok) => ok).length;
let failed = counts.failed + stepsPassed.filter((ok) => !ok).length;
if (failed === 0 && (first.fault || second?.fault)) failed = 1;
process.stdout.write('\n');
if (repeated.length > 0) {
  const names = repeated.map(({ name }) => name).join(', ');
  process.stdout.write(
    `${repeated.length} ${repeated.length === 1 ? 'suite' : 'suites'} needed a second run: ${names}\n`,
  );
}
process.stdout.write(
  `${passed} passed, ${failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
