// Everything that must hold, in one run: lint, format, and every jest suite against one embedded Pulsar. Ends with
// `N passed, N failed`. `npm test -- PATTERN...` runs only suites whose path matches, without lint and format.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const resultsFile = join(root, '.pulsegate', `test-results.${process.pid}.json`);
const timeLimitMinutes = Number(process.env.PULSEGATE_TEST_MINUTES_MAX ?? 40);
/** From the last suite's end to that of the embedded Pulsar and jest. */
const lingerMs = 40_000;
const patterns = process.argv.slice(2);

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

function runJest() {
  const support = join(root, 'dist', 'test', 'support');
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    // kafkajs's request queue asks for negative timeouts, which only makes Node say so.
    '--disable-warning=TimeoutNegativeWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--maxWorkers=2',
    `--globalSetup=${join(support, 'global-setup.js')}`,
    `--globalTeardown=${join(support, 'global-teardown.js')}`,
    `--reporters=${join(support, 'suite-reporter.js')}`,
    // Ends the list of reporters, which would swallow the patterns.
    '--runTestsByPath=false',
    ...patterns,
  ];
  const env = { ...process.env, PULSEGATE_TEST_RESULTS: resultsFile };
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  const timer = setTimeout(() => {
    process.stdout.write(`FAILED the run took more than ${timeLimitMinutes} minutes and was ended\n`);
    child.kill('SIGKILL');
  }, timeLimitMinutes * 60_000);
  // A suite that failed before it could clean up must not keep the run from ending.
  const lingering = setInterval(() => {
    if (!existsSync(resultsFile) || Date.now() - statSync(resultsFile).mtimeMs < lingerMs) return;
    process.stdout.write('       a suite left something open that kept jest from ending\n');
    child.kill('SIGKILL');
  }, 1_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('close', (status) => {
      clearTimeout(timer);
      clearInterval(lingering);
      resolve(status);
    });
  });
}

function readResults() {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

mkdirSync(join(root, '.pulsegate'), { recursive: true });
const stepsPassed = patterns.length > 0 ? [] : steps.map(runStep);
const status = await runJest();
const results = readResults();
rmSync(resultsFile, { force: true });
const passed = results.passed + stepsPassed.filter((ok) => ok).length;
let failed = results.failed + stepsPassed.filter((ok) => !ok).length;
// jest's own status also tells of what no suite counts, such as a fault before the first one.
if (failed === 0 && status !== 0 && !(status === null && results.complete)) failed = 1;
process.stdout.write(
  `\n${passed} passed, ${failed} failed${results.skipped ? `, ${results.skipped} skipped` : ''}\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
