// docs/tenant-walls.md, made from the tables alone: suites see that all of it is so, and `test/walls/walls-page.spec.ts` that the
// page says the same. `PULSEGATE_WRITE_PAGES=1` writes it.
import { fileURLToPath } from 'node:url';
import { amqpTable } from './amqp/amqp-table.js';
import { amqp091Table } from './amqp091/amqp091-table.js';
import { kafkaTable } from './kafka/kafka-table.js';
import { mqttTable } from './mqtt/mqtt-table.js';
import { operationsOf, type WallTable } from './wall.js';

export const wallsPage = fileURLToPath(new URL('../../../docs/tenant-walls.md', import.meta.url));

const tables = [kafkaTable, mqttTable, amqpTable, amqp091Table] as const;

function section(table: WallTable<never>, where: string): string {
  const { protocol, walls, nameless } = table;
  return [
    `## ${protocol}`,
    '',
    `${operationsOf(table).length} operations, ${walls.length} ways to try, ${where}.`,
    '',
    '| operation | used by both, or by one on what is the other’s |',
    '|---|---|',
    ...walls.map(({ operation, tries }) => `| ${operation} | ${tries} |`),
    ...Object.entries(nameless).map(
      ([operation, why]) => `| ${operation} | names nothing of another: ${why} |`,
    ),
    '',
  ].join('\n');
}

export function wallsPageText(): string {
  const introduction = [
    '# The walls between tenants',
    '',
    'Two tenants that give everything the same names use every operation of every protocol, and try what is the other’s by its names, by full Pulsar names, paths,',
    'escapes, and names that look the same. What each finds is its own alone. Each row is a test before real gateways and a real Pulsar, in every',
    '`npm test`; an operation that clients can send and that is not in the table fails it.',
    '',
  ].join('\n');
  const both = 'at one gateway and at two of one cluster';
  const sections = tables.map((table) =>
    section(
      table as WallTable<never>,
      table === (amqp091Table as unknown) ? `${both}; and between two vhosts of one tenant` : both,
    ),
  );
  return [introduction, ...sections].map((each) => `${each.trimEnd()}\n`).join('\n');
}
