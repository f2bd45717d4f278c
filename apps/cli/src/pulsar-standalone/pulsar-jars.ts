// Resolves Pulsar's jars from Maven into one folder that later starts reuse.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export const pulsarVersion = '4.2.4';

/** How many jars the POM gives; only for the progress line. */
const jarsExpected = 327;
const outputLinesKept = 30;
const progressEveryMs = 3_000;
const completeMarker = '.complete';

export function jarsComplete(folder: string): boolean {
  return existsSync(join(folder, completeMarker));
}

/** What Maven's output says of how far it is. Its own plugins' jars are among the downloads, so those are only `about`. */
class ResolutionProgress {
  private descriptions = 0;
  private downloaded = 0;
  private copied = 0;

  /** True when the line was progress. */
  take(line: string): boolean {
    if (/Downloaded from .*\.pom\b/.test(line)) this.descriptions += 1;
    else if (/Downloaded from .*\.jar\b/.test(line)) this.downloaded += 1;
    else if (/Copying .*\.jar\b/.test(line)) this.copied += 1;
    else return /Download(ing|ed) from/.test(line);
    return true;
  }

  toString(): string {
    if (this.copied > 0) return `${this.copied} of ${jarsExpected} jars in place`;
    const jars = `${Math.min(this.downloaded, jarsExpected)} of about ${jarsExpected} jars downloaded`;
    return this.descriptions > 0 ? `${this.descriptions} descriptions read, ${jars}` : jars;
  }
}

async function copyJars(maven: string, pom: string, folder: string, onProgress: (line: string) => void) {
  const args = ['-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const child = spawn(maven, [...args, `-DoutputDirectory=${folder}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kept: string[] = [];
  const progress = new ResolutionProgress();
  const timer = setInterval(() => onProgress(`Pulsar ${pulsarVersion}: ${progress}`), progressEveryMs);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (!progress.take(line)) kept.push(line);
      if (kept.length > outputLinesKept) kept.shift();
    });
  }
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (status !== 0) throw new Error(`Maven could not resolve Pulsar ${pulsarVersion}:\n${kept.join('\n')}`);
  } finally {
    clearInterval(timer);
  }
}

/**
 * Leaves the jars in `folder`, complete or not at all: they are gathered beside it and moved there at the end, so that
 * an interrupted start or a second one at the same time never shows half a class path.
 */
export async function resolvePulsarJars(
  maven: string,
  pom: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  if (jarsComplete(folder)) return;
  onProgress(`Pulsar ${pulsarVersion}: resolving its jars with Maven (once, about 240 MB)`);
  await mkdir(dirname(folder), { recursive: true });
  const gathering = `${folder}.${process.pid}.part`;
  try {
    await rm(gathering, { recursive: true, force: true });
    await copyJars(maven, pom, gathering, onProgress);
    await writeFile(join(gathering, completeMarker), '');
    if (jarsComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(gathering, folder);
  } finally {
    await rm(gathering, { recursive: true, force: true });
  }
}
