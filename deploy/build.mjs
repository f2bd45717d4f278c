// Compiles the whole repository into dist/ and copies what is not TypeScript. `--clean` removes dist/ first,
// so that no output of a deleted source is left behind.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
if (process.argv.includes('--clean')) rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = tsc.status ?? 1;
