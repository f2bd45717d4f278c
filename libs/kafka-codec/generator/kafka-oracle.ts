// Runs Kafka's own classes (java-oracle/) over a list of questions.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kafkaClassPath } from './kafka-jars.js';

const sources = fileURLToPath(
  new URL('../../../../libs/kafka-codec/generator/java-oracle/', import.meta.url),
);
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export type Oracle = 'MessageOracle' | 'RecordOracle';

/** One answer per question, in order; the questions are explained in the oracle's source. */
export function askKafka(oracle: Oracle, version: string, questions: readonly string[]): string[] {
  const classPath = kafkaClassPath(version);
  const classes = mkdtempSync(join(tmpdir(), 'pulsegate-kafka-oracle-'));
  try {
    run('javac', ['-proc:none', '-cp', classPath, '-d', classes, `${sources}${oracle}.java`], '');
    const answers = run(
      'java',
      ['-cp', [classPath, classes].join(delimiter), oracle],
      `${questions.join('\n')}\n`,
    );
    return answers.split('\n').slice(0, -1);
  } finally {
    rmSync(classes, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], input: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    maxBuffer: ANSWER_BYTES_MAX,
  });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}
