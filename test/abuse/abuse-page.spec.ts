import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { abusedProtocols, abuseItems } from './abuse.js';
import { abusePage, abusePageText, abuseTables } from './abuse-page.js';

const root = new URL('../../../', import.meta.url);

describe.each(abuseTables.map((table) => [table.protocol, table] as const))('%s', (_protocol, table) => {
  it('has rows for each kind of abuse, or says why it has none', () => {
    const tried = new Set<string>(table.rows.map(({ item }) => item));
    const unanswered = Object.keys(abuseItems).filter((item) => tried.has(item) === item in table.without);
    expect(unanswered).toEqual([]);
  });

  it('names tests that are there', () => {
    const missing = table.rows.filter((row) => {
      if (!('provenBy' in row)) return false;
      const text = readFileSync(fileURLToPath(new URL(row.provenBy.file, root)), 'utf8');
      return !text.replaceAll(/\(\s+'/g, "('").includes(`('${row.provenBy.test}'`);
    });
    expect(missing).toEqual([]);
  });
});

it('every protocol has a table', () => {
  expect(abuseTables.map(({ protocol }) => protocol)).toEqual(abusedProtocols);
});

it('docs/bad-input.md says what the tables have', () => {
  const text = abusePageText();
  if (process.env.PULSEGATE_WRITE_PAGES === '1') writeFileSync(abusePage, text);
  expect(readFileSync(abusePage, 'utf8')).toBe(text);
});
