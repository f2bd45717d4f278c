// `npm ci` insists that package-lock.json names every optional platform build of a package. A registry that
// lacks some of them makes `npm install` leave those out, and `npm ci` then fails. This adds the missing
// entries (name, version, os, cpu). Run it after every change of dependencies: `node deploy/complete-lock.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';

const lockFile = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
const platforms = /-(?<os>darwin|linux|win32|android|freebsd|openharmony)-(?<cpu>x64|arm64|arm|ia32)\b/;

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const match = platforms.exec(name);
    if (lock.packages[key] || !match) continue;
    lock.packages[key] = {
      version,
      cpu: [match.groups.cpu],
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os: [match.groups.os],
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`package-lock.json: ${added} entries added\n`);
