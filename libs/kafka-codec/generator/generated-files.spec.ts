import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { kafkaApis } from '../src/index.js';
import { hasKafkaJars } from './kafka-jars.js';

const generator = fileURLToPath(new URL('main.js', import.meta.url));
/** Only who has neither the jars nor Maven, as on a machine that runs the gateway alone, goes without. */
const itWithJars = hasKafkaJars() ? it : it.skip;

describe('the generated files', () => {
  itWithJars("are what the generator writes from the definitions in Kafka's jars", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [generator, '--check'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`${kafkaApis.length + 1} generated files are up to date\n`);
  });
});
