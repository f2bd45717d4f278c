// Finds what an embedded Pulsar can run on: a JDK that is new enough with Maven, or a container engine.
import { spawn } from 'node:child_process';

/** Pulsar 4.2's class files need Java 17. */
const javaVersionMin = 17;

export type PulsarRuntime =
  | { readonly kind: 'java'; readonly java: string; readonly maven: string }
  | { readonly kind: 'container'; readonly engine: string };

interface Finished {
  readonly status: number | null;
  readonly output: string;
}

const probeTimeoutMs = 20_000;

function probe(command: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    // Not spawn's own timeout: its timer outlives a command that is not there, and keeps the process.
    const signal = AbortSignal.timeout(probeTimeoutMs);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    const collect = (chunk: Buffer) => {
      if (output.length < 65_536) output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', () => resolve({ status: null, output: '' }));
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** The major version in what `java -version` prints; Java 8 and older call themselves 1.8. */
function javaMajorVersion(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match ? Number(match[1]) : undefined;
}

/** One that is new enough, or the versions of those that are not. */
async function findJava(): Promise<{ readonly java?: string; readonly older: readonly string[] }> {
  const home = process.env.JAVA_HOME;
  const older: string[] = [];
  for (const java of [...(home ? [`${home}/bin/java`] : []), 'java']) {
    const { status, output } = await probe(java, ['-version']);
    if (status !== 0) continue;
    const version = javaMajorVersion(output) ?? 0;
    if (version >= javaVersionMin) return { java, older };
    older.push(`${java} is ${version}`);
  }
  return { older };
}

function installSentence(hasJava: boolean, hasMaven: boolean, older: readonly string[]): string {
  const mac = process.platform === 'darwin';
  const missing = [
    ...(hasJava ? [] : [mac ? 'openjdk@21' : 'openjdk-17-jdk-headless']),
    ...(hasMaven ? [] : ['maven']),
  ].join(' ');
  const command = mac ? `brew install ${missing}` : `sudo apt-get install -y ${missing}`;
  const found = older.length === 0 ? '' : `; ${older.join(', ')}`;
  return (
    `An embedded Pulsar needs JDK ${javaVersionMin} or newer and Maven (or a running Docker engine)${found}: ` +
    `run \`${command}\`, or name a Pulsar of yours with its service URL.`
  );
}

/**
 * JDK and Maven first, because they start faster and leave nothing behind; a container engine second.
 * `jarsPresent` spares the look for Maven, which is only needed to resolve them.
 * Rejects with one sentence that has the command to install what is missing.
 */
export async function findPulsarRuntime(jarsPresent: boolean): Promise<PulsarRuntime> {
  const [{ java, older }, maven] = await Promise.all([
    findJava(),
    jarsPresent ? true : probe('mvn', ['--version']).then(({ status }) => status === 0),
  ]);
  if (java && maven) return { kind: 'java', java, maven: 'mvn' };
  const engine = await probe('docker', ['info', '--format', '{{.ServerVersion}}']);
  if (engine.status === 0) return { kind: 'container', engine: 'docker' };
  throw new Error(installSentence(java !== undefined, maven, older));
}
