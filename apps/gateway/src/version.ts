import { readFileSync } from 'node:fs';

// Compiled to dist/apps/gateway/src.
const packageFile = new URL('../../../../package.json', import.meta.url);

/** The version that runs, as `package.json` has it. */
export const pulsegateVersion = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string })
  .version;
