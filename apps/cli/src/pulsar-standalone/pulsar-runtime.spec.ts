// What an embedded Pulsar is run on, with commands that stand for those of other machines.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jarsComplete, resolvePulsarJars } from './pulsar-jars.js';
import { obtainPulsar } from './pulsar-standalone.js';

const run = promisify(execFile);
const runtimeModule = new URL('./java-runtime.js', import.meta.url).href;

const java17 = `echo 'openjdk version "17.0.9" 2023-10-17' >&2`;
const java11 = `echo 'openjdk version "11.0.2" 2019-01-15' >&2`;
const java8 = `echo 'java version "1.8.0_392"' >&2`;
const works = 'exit 0';
const fails = 'exit 1';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsegate-runtime-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function command(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** In a process of its own, which finds no commands but these. */
async function found(commands: Record<string, string>, jarsPresent = false): Promise<unknown> {
  for (const [name, script] of Object.entries(commands)) command(name, script);
  const script = `
    const { findPulsarRuntime } = await import(${JSON.stringify(runtimeModule)});
    console.log(JSON.stringify(await findPulsarRuntime(${jarsPresent}).catch((error) => error.message)));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: folder },
  });
  return JSON.parse(stdout);
}

describe('an embedded Pulsar runs on', () => {
  it('a JDK 17 with Maven, also where there is Docker', async () => {
    expect(await found({ java: java17, mvn: works, docker: works })).toMatchObject({ kind: 'java' });
  });

  it('a JDK 17 alone once the jars are there', async () => {
    expect(await found({ java: java17 }, true)).toMatchObject({ kind: 'java' });
  });

  it.each([
    ['an older JDK', { java: java11, mvn: works, docker: works }],
    ['no Maven', { java: java17, mvn: fails, docker: works }],
    ['nothing else', { docker: works }],
  ])('Docker where there is %s', async (_, commands) => {
    expect(await found(commands)).toEqual({ kind: 'container', engine: 'docker' });
  });

  it.each([
    ['nothing', {}, /jdk.*maven/],
    ['an old JDK', { java: java8, mvn: works, docker: fails }, /; java is 8: .*jdk(?!.* maven`)/],
    ['no Maven', { java: java17 }, /(?:install|-y) maven`/],
  ])('nothing where there is %s, and one sentence has the command that helps', async (_, commands, help) => {
    const sentence = await found(commands);
    expect(sentence).toMatch(/^An embedded Pulsar needs JDK 17 or newer and Maven .*: run `[^`]+`, or .*\.$/);
    expect(sentence).toMatch(help);
  });

  it('nothing of its own where a Pulsar is given', async () => {
    const { stop, ...given } = await obtainPulsar({ serviceUrl: 'pulsar+ssl://broker-1:6651,broker-2:6651' });
    expect(given).toEqual({
      serviceUrl: 'pulsar+ssl://broker-1:6651,broker-2:6651',
      adminUrl: 'https://broker-1:8443',
    });
    await stop();
    await expect(obtainPulsar({ serviceUrl: 'broker:6650' })).rejects.toThrow(/is no Pulsar service URL/);
  });
});

describe('the jars of Pulsar', () => {
  const resolve = (maven: string, lines: string[]) =>
    resolvePulsarJars(maven, 'pom.xml', join(folder, 'jars'), (line) => lines.push(line));

  it('are resolved once, and used again', async () => {
    const maven = command(
      'mvn',
      `echo run >> '${join(folder, 'runs')}'
for argument; do case $argument in -DoutputDirectory=*) /bin/mkdir -p "\${argument#*=}"; : > "\${argument#*=}/a.jar";; esac; done`,
    );
    const lines: string[] = [];
    await resolve(maven, lines);
    expect(lines).toEqual([expect.stringMatching(/resolving its jars with Maven/)]);
    expect(jarsComplete(join(folder, 'jars'))).toBe(true);
    expect(existsSync(join(folder, 'jars', 'a.jar'))).toBe(true);
    await resolve(command('mvn', fails), lines);
    expect(lines).toHaveLength(1);
  });

  it('are not there when Maven failed, which is said in its own words', async () => {
    const maven = command('mvn', 'echo "Downloaded from central: x.jar"; echo "no route to host"; exit 1');
    await expect(resolve(maven, [])).rejects.toThrow(
      /^Maven could not resolve Pulsar [\d.]+:\nno route to host$/,
    );
    expect(readdirSync(folder)).toEqual(['mvn']);
  });
});
