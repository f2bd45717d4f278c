// What the documents name is there, and what a user looks up is named.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { clientChanges, operatorChanges } from '#libs/telemetry';
import { startGateway } from './support/gateway.js';
import { readSourceTree } from './support/source-tree.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinksOf(page: string): string[] {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

/** Paths in backticks that begin in one of our folders; `{a,b}`, `<name>` and `*` stand for several. */
function absentPathsOf(page: string): string[] {
  const paths = [...textOf(page).matchAll(/`((?:apps|libs|deploy|test|docs|\.ci)\/[^`\s]*)`/g)].map(
    ([, path]) => path!,
  );
  return paths.filter((path) => !/[{<*]/.test(path) && !existsSync(join(root, path)));
}

describe('the documents', () => {
  it.each(pages)('%s points to what is there', (page) => {
    expect([...brokenLinksOf(page), ...absentPathsOf(page)]).toEqual([]);
  });

  it('name every change that is recorded, and each is', () => {
    const [, table] = /\| `change` of \|(.*?)\n\n/s.exec(textOf('docs/configuration.md'))!;
    const cells = [...table!.matchAll(/^\|[^|]*\|([^|]+)\|/gm)].map(([, cell]) => cell!);
    const documented = cells.flatMap((cell) =>
      [...cell.matchAll(/`([a-z-]+\.[a-z-]+)`/g)].map(([, name]) => name!),
    );
    const changes = [...clientChanges, ...operatorChanges];
    expect(documented.sort()).toEqual([...changes].sort());
    const sources = readSourceTree(root).filter(
      ({ path }) => !path.startsWith('test/') && !/\.spec\.ts$|audited-changes/.test(path),
    );
    expect(changes.filter((name) => !sources.some(({ text }) => text.includes(`'${name}'`)))).toEqual([]);
  });

  it('claim of migrations from RabbitMQ what a test shows', () => {
    const shown = [...textOf('docs/migrating-from-rabbitmq.md').matchAll(/^\|.*\| ([^|]+) \|$/gm)].flatMap(
      ([, cell]) => [...cell!.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)*)`/g)].map(([, name]) => name!),
    );
    const behaviours = [...textOf('docs/amqp091-behaviours.md').matchAll(/^\| `([^`]+)` \|/gm)].map(
      ([, name]) => name!,
    );
    expect(shown.length).toBeGreaterThan(50);
    expect(shown.filter((name) => !behaviours.includes(name))).toEqual([]);
  });

  it('name every metric, and none that is not there', async () => {
    const gateway = await startGateway({
      tenants: [{ name: 'acme' }],
      listener: { anonymousTenant: 'acme' },
    });
    const exposition = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    await gateway.stop();
    const served = [...exposition.matchAll(/^# TYPE (pulsegate_\w+)/gm)].map(([, name]) => name!);
    const documented = [...textOf('docs/configuration.md').matchAll(/`(pulsegate_\w+)`/g)].map(
      ([, name]) => name!,
    );
    expect(documented.sort()).toEqual(served.sort());
  }, 60_000);
});
