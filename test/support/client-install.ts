// How the clients that are tried before the gateway are got, once for all test runs, and what a machine must have for them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const sources = join(root, 'test', 'conformance');
export const installed = join(root, '.pulsegate', 'conformance');
const compiled = join(root, 'dist', 'test', 'conformance');

/** A program of a client. */
export interface InstalledClient {
  readonly name: string;
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  /** Gets it where it is not there yet. */
  readonly command: () => readonly string[];
}

export function isThere(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

export const missingUnless = (isHere: boolean, what: string): { readonly missing?: string } =>
  isHere ? {} : { missing: what };

export const javaOrMissing = () =>
  missingUnless(isThere('javac', '-version') && isThere('mvn', '--version'), 'no JDK or no Maven');

export const pythonOrMissing = () =>
  missingUnless(isThere('python3', '-c', 'import venv, ensurepip'), 'no python3 with venv');

export function runOnce(command: string, args: readonly string[], cwd = root): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
}

/** Longest time that an installation by another worker of the test run is waited for. */
const installWaitMsMax = 300_000;

/**
 * Does `install` unless it was done with the same `recipe` (the contents of these files). Suites run side by side, so one
 * installs and the others wait.
 */
export function onceFor(recipe: readonly string[], stampFile: string, install: () => void): void {
  const wanted = recipe.map((file) => readFileSync(file, 'utf8')).join('\n');
  const isDone = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
  if (isDone()) return;
  mkdirSync(dirname(stampFile), { recursive: true });
  const lockFolder = `${stampFile}.lock`;
  for (const end = Date.now() + installWaitMsMax; !tookLock(lockFolder) && Date.now() < end; ) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    if (isDone()) return;
    install();
    writeFileSync(stampFile, wanted);
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

function tookLock(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** A program of a folder there, by a Python of its own with what the folder's requirements.txt names. */
export function pythonProgram(folder: string, program = 'scenarios.py'): string[] {
  const place = join(installed, folder);
  const python = join(place, 'bin', 'python');
  const requirements = join(sources, folder, 'requirements.txt');
  onceFor([requirements], join(installed, `${folder}.recipe`), () => {
    runOnce('python3', ['-m', 'venv', '--clear', place]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check'];
    runOnce(python, [...pip, '-r', requirements]);
  });
  return [python, join(sources, folder, program)];
}

/** The first of a folder's programs, all compiled against what its pom.xml names. */
export function javaProgram(folder: string, ...programs: readonly [string, ...string[]]): string[] {
  const place = join(installed, folder);
  const pom = join(sources, folder, 'pom.xml');
  const files = programs.map((name) => join(sources, folder, name));
  onceFor([pom, ...files], join(installed, `${folder}.recipe`), () => {
    runOnce('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-Dclients.folder=${place}`]);
    runOnce('javac', ['-nowarn', '-d', join(place, 'classes'), '-cp', join(place, '*'), ...files]);
  });
  return javaCommandOf([join(place, 'classes'), join(place, '*')], programs[0].replace('.java', ''));
}

export const javaCommandOf = (classPath: readonly string[], main: string): string[] => [
  ...['java', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-cp', classPath.join(':'), main],
];

export const nodeProgram = (folder: string, role = 'scenarios'): string[] => [
  ...[process.execPath, join(compiled, folder, `${folder}.${role}.js`)],
];
