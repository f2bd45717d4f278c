// Writes libs/kafka-codec/src/generated from Kafka's message definitions, or with --check compares what is there.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mergeMessage } from './definition-merge.js';
import { apiFile, apiFileName, type ApiPair, indexFile } from './emit-file.js';
import { readJar } from './jar.js';
import { kafkaJar, kafkaVersions } from './kafka-jars.js';
import { type MessageJson, parseMessage } from './message-definition.js';

const generatedFolder = fileURLToPath(
  new URL('../../../../libs/kafka-codec/src/generated/', import.meta.url),
);

function readDefinitions(version: string): MessageJson[] {
  const texts = readJar(kafkaJar(version), /^common\/message\/.*\.json$/).values();
  // The definitions are JSON with // comments; a string may contain // too.
  const comment = /"(?:\\.|[^"\\])*"|\/\/[^\n]*/g;
  return [...texts].map((text) =>
    JSON.parse(text.replace(comment, (token) => (token[0] === '"' ? token : ''))),
  );
}

/** Every API that a client may send to a broker, in the order of the keys, old and new versions joined. */
function clientApis(newest: readonly MessageJson[], legacy: readonly MessageJson[]): ApiPair[] {
  const find = (all: readonly MessageJson[], type: string, apiKey: number | undefined) =>
    all.find((message) => message.type === type && message.apiKey === apiKey);
  return newest
    .filter((message) => message.type === 'request' && message.listeners?.includes('broker'))
    .sort((a, b) => a.apiKey! - b.apiKey!)
    .map((request) => {
      const response = find(newest, 'response', request.apiKey);
      const requestThen = find(legacy, 'request', request.apiKey);
      let responseThen = find(legacy, 'response', request.apiKey);
      if (!response) throw new Error(`${request.name} has no response`);
      // Only requests are marked as unstable.
      if (responseThen && requestThen) {
        responseThen = { ...responseThen, latestVersionUnstable: requestThen.latestVersionUnstable ?? false };
      }
      return {
        request: parseMessage(mergeMessage(request, requestThen)),
        response: parseMessage(mergeMessage(response, responseThen)),
      };
    });
}

function generate(): Map<string, string> {
  const versions = kafkaVersions();
  const apis = clientApis(readDefinitions(versions.newest), readDefinitions(versions.legacy));
  const origin = `kafka-clients ${versions.newest} and ${versions.legacy}`;
  const files = new Map(apis.map((api) => [apiFileName(api), apiFile(api, origin)]));
  files.set('index.ts', indexFile(apis, origin));
  return files;
}

function check(files: ReadonlyMap<string, string>): boolean {
  const present = existsSync(generatedFolder) ? readdirSync(generatedFolder) : [];
  const wrong = [...files].filter(
    ([name, text]) => !present.includes(name) || readFileSync(generatedFolder + name, 'utf8') !== text,
  );
  const left = present.filter((name) => !files.has(name));
  for (const name of [...wrong.map(([name]) => name), ...left])
    console.error(`differs: src/generated/${name}`);
  return wrong.length + left.length === 0;
}

const files = generate();
if (process.argv.includes('--check')) {
  if (check(files)) console.log(`${files.size} generated files are up to date`);
  else {
    console.error('Run `node dist/libs/kafka-codec/generator/main.js` and commit what it writes.');
    process.exitCode = 1;
  }
} else {
  rmSync(generatedFolder, { recursive: true, force: true });
  mkdirSync(generatedFolder, { recursive: true });
  for (const [name, text] of files) writeFileSync(generatedFolder + name, text);
  console.log(`${files.size} files written to ${generatedFolder}`);
}
