// Kafka's own command line tools, Kafka Streams and Kafka Connect, fetched from Maven once and run as a user runs them.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkForm, inForm } from './check-form.js';
import { javaOrMissing, onceFor, runOnce } from './client-install.js';
import { ServingProcesses } from './serving-processes.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'test', 'conformance', 'kafka-java-tools');
const installed = join(root, '.pulsegate', 'conformance', 'kafka-java-tools');

/** A module beside `kafka-java-tools/pom.xml`. */
export type KafkaJavaModule = 'tools-3' | 'tools-4' | 'streams' | 'connect';

/** Beside its pom.xml. */
const programsOf: Readonly<Record<KafkaJavaModule, readonly string[]>> = {
  'tools-3': ['../ToolServer.java'],
  'tools-4': ['../ToolServer.java'],
  streams: ['WordCount.java'],
  connect: [],
};

const newestTools = { name: '4.3', module: 'tools-4' } as const;
/** Whose tools a check runs. */
export const kafkaToolVersions = inForm({
  short: [newestTools],
  full: [newestTools, { name: '3.9', module: 'tools-3' } as const],
});

const tools = 'org.apache.kafka.tools';
/** Main classes of the tools; some moved between 3.9 and 4. */
const toolClasses = {
  topics: () => `${tools}.TopicCommand`,
  configs: () => 'kafka.admin.ConfigCommand',
  acls: (module: KafkaJavaModule) =>
    module === 'tools-3' ? 'kafka.admin.AclCommand' : `${tools}.AclCommand`,
  groups: () => `${tools}.consumer.group.ConsumerGroupCommand`,
  getOffsets: () => `${tools}.GetOffsetShell`,
  deleteRecords: () => `${tools}.DeleteRecordsCommand`,
  logDirs: () => `${tools}.LogDirsCommand`,
  produce: (module: KafkaJavaModule) => `${module === 'tools-3' ? 'kafka.tools' : tools}.ConsoleProducer`,
  consume: () => `${tools}.consumer.ConsoleConsumer`,
} as const;

export type KafkaTool = keyof typeof toolClasses;

export const kafkaToolClass = (tool: KafkaTool, module: KafkaJavaModule): string => toolClasses[tool](module);

/** Why none of it can run here, in words that name it; undefined when it can. */
export const kafkaJavaMissing: string | undefined = javaOrMissing().missing;

export interface ToolRun {
  readonly exitCode: number;
  /** What it wrote to both streams, without the lines of its logging facade. */
  readonly output: string;
}

/** Class path of a module's jars and programs. */
export function kafkaJavaClassPath(module: KafkaJavaModule): string {
  const programs = programsOf[module];
  const folder = join(installed, module);
  const classes = join(installed, `${module}-classes`);
  const files = programs.map((program) => join(sources, module, program));
  const poms = [join(sources, 'pom.xml'), join(sources, module, 'pom.xml')];
  onceFor([...poms, ...files], join(installed, `${module}.recipe`), () => {
    const goal = ['dependency:copy-dependencies', `-Dtools.folder=${installed}`];
    runOnce('mvn', ['-B', '-q', '-f', join(sources, 'pom.xml'), '-pl', module, ...goal]);
    if (files.length > 0) runOnce('javac', ['-d', classes, '-cp', join(folder, '*'), ...files]);
  });
  return [classes, join(folder, '*')].join(':');
}

/** The `java` command line of a main class of a module. */
export function kafkaJavaArguments(classPath: string, mainClass: string, ...args: string[]): string[] {
  return ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classPath, mainClass, ...args];
}

const toolServers = new Map<KafkaJavaModule, ServingProcesses>();

/** One process runs the tools of a suite, which a user, and the full form, start each anew. */
function toolServersOf(module: KafkaJavaModule): ServingProcesses {
  const known = toolServers.get(module);
  if (known !== undefined) return known;
  const command = kafkaJavaArguments(kafkaJavaClassPath(module), 'ToolServer');
  const servers = new ServingProcesses(() => spawn('java', command));
  if (checkForm === 'short') toolServers.set(module, servers);
  return servers;
}

/** Runs one tool to its end. Rejects when it cannot be started. */
export async function runKafkaTool(
  module: KafkaJavaModule,
  mainClass: string,
  args: readonly string[],
  input = '',
): Promise<ToolRun> {
  let run: ToolRun | undefined;
  await toolServersOf(module).call({ main: mainClass, args, input }, (line) => (run = line as ToolRun));
  const { exitCode, output } = run!;
  const lines = output.split('\n').filter((line) => !/^(SLF4J|log4j|ERROR StatusLogger|WARNING:)/.test(line));
  return { exitCode, output: lines.join('\n') };
}

/** A program that runs until it is told to end. */
export interface KafkaProgram {
  /** All that it wrote to both streams. */
  output(): string;
  /** Until its output has the text so many times; rejects when it ends before, or after the time. */
  untilSaid(text: string, times: number, timeoutMs: number): Promise<void>;
  /** Ends its input, or sends the signal, and waits until it has ended. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const programPollMs = 200;
/** A program that does not end on its own is ended after this. */
const programEndMsMax = 60_000;

export function startKafkaProgram(
  classPath: string,
  mainClass: string,
  args: readonly string[],
): KafkaProgram {
  const child = spawn('java', kafkaJavaArguments(classPath, mainClass, ...args));
  let output = '';
  let ended = false;
  const keep = (text: string) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  child.stdin.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      resolve();
    });
    child.once('error', (error) => keep(`${error.message}\n`));
  });
  return {
    output: () => output,
    async untilSaid(text, times, timeoutMs) {
      for (
        const end = Date.now() + timeoutMs;
        output.split(text).length <= times;
        await delay(programPollMs)
      ) {
        if (ended || Date.now() > end) {
          throw new Error(`${mainClass} did not say "${text}" ${times} times:\n${output.slice(-4_000)}`);
        }
      }
    },
    async end(signal) {
      const timer = setTimeout(() => child.kill('SIGKILL'), programEndMsMax);
      if (signal === undefined) child.stdin.end();
      else child.kill(signal);
      await closed;
      clearTimeout(timer);
    },
  };
}
