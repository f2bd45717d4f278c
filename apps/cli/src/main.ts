#!/usr/bin/env -S node --max-semi-space-size=8
import { setHeapGrowth } from './heap-settings.js';

const nodeVersionMin = 24;

if (Number.parseInt(process.versions.node, 10) < nodeVersionMin) {
  // Before anything else is loaded: what an older one lacks would be a SyntaxError in a file that nobody knows.
  process.stderr.write(
    `pulsegate: Node.js ${nodeVersionMin} or newer is needed, this is ${process.version}. ` +
      'One comes with `npm ci`: start it as `npx pulsegate`, or put node_modules/.bin first on PATH.\n',
  );
  process.exitCode = 2;
} else {
  setHeapGrowth();
  await import('reflect-metadata');
  const { runCli } = await import('./cli.js');
  process.exitCode = await runCli(process.argv);
}
