import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { wallsPage, wallsPageText } from './walls-page.js';

it('docs/tenant-walls.md says what the tables have', () => {
  const text = wallsPageText();
  if (process.env.PULSEGATE_WRITE_PAGES === '1') writeFileSync(wallsPage, text);
  expect(readFileSync(wallsPage, 'utf8')).toBe(text);
});
