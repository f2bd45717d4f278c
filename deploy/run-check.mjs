// `npm run check -- NAME` runs the full form of a long check (`*.check.ts` under test/, a jest suite whose short form
// is part of `npm test`); `npm run bench -- NAME` runs a benchmark (`test/bench/NAME.bench.ts`). Without a name: the list.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const checkMinutesMax = 120;

/** Name -> path and the first comment line of every file with that ending. */
function registered(ending) {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !path.includes('node_modules'))
    .sort();
  return new Map(
    files.map((path) => {
      const [firstLine] = readFileSync(join(root, 'test', path), 'utf8').split('\n', 1);
      return [basename(path, ending), { path, what: firstLine.replace(/^\/\/\s*/, '') }];
    }),
  );
}

function runOn(script, args, env = {}) {
  const { status } = spawnSync(process.execPath, [...script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status ?? 1;
}

const [kind, name, ...args] = process.argv.slice(2);
const entries = registered(`.${kind}.ts`);
const entry = entries.get(name ?? '');
if (!entry) {
  const list = [...entries].map(([each, { what }]) => `  ${each.padEnd(24)}${what}`);
  process.stdout.write(
    `${name ? `no ${kind} is called ${name}\n` : ''}npm run ${kind} -- NAME, one of:\n${list.join('\n')}\n`,
  );
  process.exitCode = name ? 2 : 0;
} else if (kind === 'check') {
  const suite = join('test', dirname(entry.path), `${name}.check.js`);
  process.exitCode = runOn(['deploy/run-tests.mjs'], [suite, ...args], {
    PULSEGATE_CHECK_FORM: 'full',
    PULSEGATE_TEST_MINUTES_MAX: String(checkMinutesMax),
  });
} else {
  process.exitCode = runOn([join('dist', 'test', dirname(entry.path), `${name}.bench.js`)], args);
}
