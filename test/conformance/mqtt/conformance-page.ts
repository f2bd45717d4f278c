// docs/mqtt-conformance.md: each section from what a full run of its check found.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Script } from './script.js';
import type { Statement } from './statement.js';

const page = fileURLToPath(new URL('../../../../docs/mqtt-conformance.md', import.meta.url));
const checks = { 'MQTT 5': 'mqtt-5-statements', 'MQTT 3.1.1': 'mqtt-3-statements' } as const;
const sources = {
  'MQTT 5': 'MQTT Version 5.0, OASIS Standard, 7 March 2019',
  'MQTT 3.1.1': 'MQTT Version 3.1.1, OASIS Standard, 29 October 2014',
} as const;

const escaped = (text: string) => text.replaceAll('|', '\\|');

function row(
  { id, says, exception }: Statement,
  scripts: readonly Script[],
  results: ReadonlyMap<Script, string | undefined>,
): string {
  if (exception !== undefined) return `| ${id} | ${escaped(says)} | | exception: ${escaped(exception)} |`;
  const own = scripts.filter(({ statements }) => statements.includes(id));
  const faults = own.map((script) => results.get(script)).filter((fault) => fault !== undefined);
  const names = escaped(own.map(({ name }) => name).join('; '));
  return `| ${id} | ${escaped(says)} | ${names} | ${faults.length === 0 ? 'pass' : escaped(`fails: ${faults[0]}`)} |`;
}

export function writeStatementsSection(
  title: keyof typeof checks,
  statements: readonly Statement[],
  scripts: readonly Script[],
  results: ReadonlyMap<Script, string | undefined>,
): void {
  const exceptions = statements.filter(({ exception }) => exception !== undefined).length;
  const section = [
    `## ${title}`,
    '',
    `Written by \`npm run check -- ${checks[title]}\`: the normative statements of ${sources[title]}, in our words and by its`,
    `numbers. ${scripts.length} scripts of raw clients before a gateway and a real Pulsar test ${statements.length - exceptions} of ${statements.length}; the other ${exceptions} have`,
    'a reason.',
    '',
    '| statement | says | tests | |',
    '|---|---|---|---|',
    ...statements.map((each) => row(each, scripts, results)),
    '',
  ].join('\n');
  const [introduction, ...sections] = readFileSync(page, 'utf8').split(/^(?=## )/m) as [string, ...string[]];
  const place = sections.findIndex((each) => each.startsWith(`## ${title}\n`));
  if (place < 0) sections.push(section);
  else sections[place] = section;
  writeFileSync(page, [introduction, ...sections].map((each) => `${each.trimEnd()}\n`).join('\n'));
}
