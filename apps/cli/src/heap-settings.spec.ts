import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { gatewayNodeFlags } from './heap-settings.js';

describe('the flags of Node', () => {
  it.each(['apps/cli/src/main.ts', 'deploy/setup.mjs'])('are in %s too', (file) => {
    const text = readFileSync(file, 'utf8');
    for (const flag of gatewayNodeFlags) expect(text).toContain(flag);
  });
});
