// From a fresh clone to a running thing: `node deploy/setup.mjs <quickstart|test|check|bench> [arguments]`.
// Runs on the Node that is there (20 or newer) with nothing installed: installs the dependencies, which bring Node 24,
// builds what changed, and runs the target on the right Node. Each step is skipped when it has nothing to do.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeMajorMin = 24;
const binFolder = join(root, 'node_modules', '.bin');

// What Node 24 says of its own loader and of kafkajs's timers; every other warning stays.
const quietWarnings = ['ExperimentalWarning', 'TimeoutNegativeWarning'];

const targets = {
  quickstart: { what: 'the demo', command: ['--max-semi-space-size=8', 'dist/apps/cli/src/main.js', 'demo'] },
  test: { what: 'all tests', command: ['deploy/run-tests.mjs'] },
  check: { what: 'one long check', command: ['deploy/run-check.mjs', 'check'] },
  bench: { what: 'one benchmark', command: ['deploy/run-check.mjs', 'bench'] },
};

const say = (line) => process.stdout.write(`pulsegate: ${line}\n`);

/** Ends with one sentence for a person. */
function giveUp(sentence) {
  process.stderr.write(`pulsegate: ${sentence}\n`);
  process.exit(1);
}

const hashOf = (text) => createHash('sha256').update(text).digest('hex');
const readOr = (file, otherwise) => (existsSync(file) ? readFileSync(file, 'utf8') : otherwise);

/** Without our own .bin: the Node in there is what an installation replaces. */
function pathWithoutBin() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
}

function installDependencies() {
  const lockFile = join(root, 'package-lock.json');
  const stampFile = join(root, 'node_modules', '.pulsegate-installed');
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  const wanted = hashOf(readFileSync(lockFile));
  if (readOr(stampFile, '') === wanted) return;
  const installedByHand =
    !existsSync(stampFile) &&
    existsSync(installedFile) &&
    statSync(installedFile).mtimeMs >= statSync(lockFile).mtimeMs;
  if (!installedByHand) {
    say('installing dependencies, Node 24 among them (about a minute, once)');
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const env = { ...process.env, PATH: pathWithoutBin() };
    const { status, error } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', env });
    if (error) giveUp(`npm could not be started (${error.message}); it comes with Node.`);
    if (status !== 0)
      giveUp('`npm ci` failed; its message above says why. Run it again when that is solved.');
  }
  writeFileSync(stampFile, wanted);
}

function majorOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1] ?? 0) : 0;
}

/** The Node that the dependencies brought, or the running one when it is new enough. */
function findNode() {
  const brought = join(binFolder, 'node');
  if (existsSync(brought) && majorOf(brought) >= nodeMajorMin) return brought;
  if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) return process.execPath;
  return giveUp(
    `Node ${nodeMajorMin} or newer is needed, this is ${process.version} and none could be brought for ` +
      `${process.platform}-${process.arch}: install it (for example \`nvm install ${nodeMajorMin}\`) and run this again.`,
  );
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== 'target') yield* sourceFiles(path);
    } else if (entry.name.endsWith('.ts')) yield path;
  }
}

function build(node) {
  const stampFile = join(root, 'dist', '.built.json');
  const files = [
    ...['apps', 'libs', 'test'].flatMap((folder) => [...sourceFiles(join(root, folder))]),
  ].sort();
  const settings = ['tsconfig.json', 'package.json', 'package-lock.json', 'deploy/build.mjs'].map((name) =>
    join(root, name),
  );
  const stamp = JSON.parse(readOr(stampFile, '{"builtAtMs":0,"files":""}'));
  const names = hashOf(files.join('\n'));
  const newest = Math.max(...[...files, ...settings].map((file) => statSync(file).mtimeMs));
  if (names === stamp.files && newest < stamp.builtAtMs) return;
  say('building');
  const builtAtMs = Date.now();
  // A source that went away would leave its compiled form behind, tests included.
  const clean = names === stamp.files ? [] : ['--clean'];
  const { status } = spawnSync(node, ['deploy/build.mjs', ...clean], { cwd: root, stdio: 'inherit' });
  if (status !== 0) giveUp('the sources do not compile; the messages above say where.');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ builtAtMs, files: names }));
}

function run(node, args) {
  const env = { ...process.env, PATH: `${binFolder}${delimiter}${pathWithoutBin()}` };
  const child = spawn(node, [...quietWarnings.map((name) => `--disable-warning=${name}`), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  // Ctrl-C in a terminal reaches the child by itself; this process only waits for its orderly end.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => giveUp(`${node} could not be started: ${error.message}`));
  child.once('close', (status) => {
    process.exitCode = status ?? 1;
  });
}

const [name, ...given] = process.argv.slice(2);
const target = Object.hasOwn(targets, name ?? '') ? targets[name] : undefined;
if (!target) {
  const list = Object.entries(targets).map(([each, { what }]) => `  ${each.padEnd(12)}${what}`);
  process.stderr.write(`usage: node deploy/setup.mjs <target> [arguments]\n${list.join('\n')}\n`);
  process.exit(2);
}
installDependencies();
const node = findNode();
build(node);
run(node, [...target.command, ...given.filter((each, index) => !(index === 0 && each === '--'))]);
