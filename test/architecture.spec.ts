// Who may import whom, how long a file and a function may be, and what nothing may be called (ARCHITECTURE.md).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { architectureViolations, fileLinesMax } from './support/architecture.js';
import { readSourceTree } from './support/source-tree.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders: string[] = [];

/** A tree of files in a temporary folder. */
function treeOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-tree-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function violationsIn(files: Record<string, string>): string[] {
  return architectureViolations(readSourceTree(treeOf(files)));
}

/** What biome's rule on the length of functions says about a folder. */
function functionLengths(folder: string, ...options: string[]): { status: number | null; output: string } {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const args = [biome, 'lint', '--only=complexity/noExcessiveLinesPerFunction', ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('the repository', () => {
  const tree = readSourceTree(root);

  it('is what the rules are checked on', () => {
    expect(tree.map(({ path }) => path)).toContain('libs/pulsar/src/index.ts');
    expect(tree.flatMap(({ imports }) => imports).some(({ specifier }) => specifier === '#libs/pulsar')).toBe(
      true,
    );
  });

  it('keeps the dependency rule, the sizes and the names', () => {
    expect(architectureViolations(tree)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    [
      'rank 0 imports nothing of ours',
      'libs/tenancy/src/a.ts',
      `import { b } from '#libs/telemetry';`,
      'rank 0 may not',
    ],
    [
      'rank 1 does not import rank 1',
      'libs/auth/src/a.ts',
      `import type { b } from '#libs/pulsar';`,
      'rank 1 may not',
    ],
    [
      'rank 1 imports no gateway',
      'libs/pulsar/src/a.ts',
      `export * from '#libs/kafka-gateway';`,
      'rank 1 may not',
    ],
    [
      'rank 1 imports no codec',
      'libs/pulsar/src/a.ts',
      `import { b } from '#libs/kafka-codec';`,
      'only a gateway',
    ],
    [
      'a codec is pure',
      'libs/kafka-codec/src/a.ts',
      `import { b } from '#libs/telemetry';`,
      'compression only',
    ],
    [
      'a gateway has one codec',
      'libs/mqtt-gateway/src/a.ts',
      `import { b } from '#libs/kafka-codec';`,
      'its own codec',
    ],
    [
      'gateways are strangers',
      'libs/mqtt-gateway/src/a.ts',
      `import { b } from '#libs/kafka-gateway';`,
      'another gateway',
    ],
    [
      'a lib imports no app',
      'libs/pulsar/src/a.ts',
      `import { b } from '#apps/gateway';`,
      'never imports an app',
    ],
    [
      'a protocol is named in two places',
      'apps/gateway/src/core.module.ts',
      `import { b } from '#libs/kafka-gateway';`,
      'protocols are named in',
    ],
    ['a new lib needs a rank', 'libs/novelty/src/a.ts', `import { b } from '#libs/pulsar';`, 'has no rank'],
    [
      'libs have one door',
      'libs/auth/src/a.ts',
      `import { b } from '#libs/tenancy/src/b.js';`,
      'past its index',
    ],
    [
      'no way round the door',
      'libs/auth/src/a.ts',
      `import { b } from '../../tenancy/src/b.js';`,
      'past its index',
    ],
    [
      'apps use the door too',
      'apps/cli/src/a.ts',
      `const b = await import('../../../libs/auth/src/b.js');`,
      'past its',
    ],
    [
      'nothing imports test/',
      'apps/cli/src/a.ts',
      `import { b } from '../../../test/support/b.js';`,
      'nothing imports',
    ],
    [
      'sockets have two homes',
      'libs/kafka-gateway/src/a.ts',
      `import { connect } from 'node:net';`,
      'belongs to',
    ],
    ['TLS too', 'apps/cli/src/a.ts', `import tls from 'tls';`, 'belongs to'],
    [
      'Nest wires only',
      'libs/kafka-gateway/src/a.ts',
      `import { Injectable } from '@nestjs/common';`,
      'outside a module',
    ],
    [
      'no Nest in a codec',
      'libs/kafka-codec/src/a.module.ts',
      `import { Module } from '@nestjs/common';`,
      'outside',
    ],
    ['file names say something', 'libs/auth/src/string-utils.ts', '', 'string-utils says nothing'],
    ['folder names too', 'libs/auth/src/common/a.ts', '', 'common says nothing'],
    ['and symbols', 'libs/auth/src/a.ts', 'export class SessionManager {}', 'SessionManager says nothing'],
    [
      'no base classes',
      'libs/auth/src/a.ts',
      'export abstract class BaseHandler {}',
      'BaseHandler says nothing',
    ],
    ['files end', 'libs/auth/src/a.ts', 'x;\n'.repeat(fileLinesMax), `${fileLinesMax + 1} lines`],
  ])('%s', (_, path, text, words) => {
    const violations = violationsIn({ [path]: `${text}\n` });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(`${path}: `);
    expect(violations[0]).toContain(words);
  });

  it('finds cycles between files and between libs, of types too', () => {
    const violations = violationsIn({
      'libs/auth/src/a.ts': `import { b } from './b.js';\n`,
      'libs/auth/src/b.ts': `export type { c } from './c.js';\n`,
      'libs/auth/src/c.ts': `import { a } from './a.js';\n`,
      'apps/one/src/index.ts': `import type { b } from '#apps/two';\n`,
      'apps/two/src/index.ts': `import type { b } from '#apps/one';\n`,
    });
    expect(violations).toEqual([
      'cycle: apps/one -> apps/two -> apps/one',
      'cycle: apps/one/src/index.ts -> apps/two/src/index.ts -> apps/one/src/index.ts',
      'cycle: libs/auth/src/a.ts -> libs/auth/src/b.ts -> libs/auth/src/c.ts -> libs/auth/src/a.ts',
    ]);
  });

  it('leaves good code alone', () => {
    const violations = violationsIn({
      'libs/kafka-gateway/src/kafka.connection.ts': [
        `// import { connect } from 'node:net';`,
        `/* import x from '#libs/mqtt-gateway'; */`,
        `import { decode } from '#libs/kafka-codec';`,
        `import {\n  PulsarClient,\n} from '#libs/pulsar';`,
        `import type { Frame } from './frame.js';`,
        `const baseOffset = 1;`,
        `export const decodeBase64 = () => baseOffset;\n`,
      ].join('\n'),
      'libs/kafka-gateway/src/frame.ts': `import type { Link } from '#libs/transport';\n`,
      'libs/kafka-gateway/src/kafka-gateway.module.ts': `import { Module } from '@nestjs/common';\n`,
      'libs/kafka-codec/src/generated/produce.ts': `import { crc32c } from '#libs/compression';\n${'x;\n'.repeat(2_000)}`,
      'libs/transport/src/listener.ts': `import { createServer } from 'node:net';\n`,
      'apps/cli/src/main.ts': `import { start } from '#apps/gateway';\nimport '#libs/transport';\n`,
      'test/e2e/any.spec.ts': `import { connect } from 'node:net';\nimport '../../libs/auth/src/deep.js';\n`,
    });
    expect(violations).toEqual([]);
  });

  it('limits the length of functions', () => {
    const config = fileURLToPath(new URL('../../biome.json', import.meta.url));
    const long = `export function long(): void {\n${'  console.log(1);\n'.repeat(71)}}\n`;
    const folder = treeOf({ 'libs/auth/src/long.ts': long });
    spawnSync('cp', [config, folder]);
    const { status, output } = functionLengths(folder, '--vcs-enabled=false');
    expect(output).toContain('long.ts');
    expect(output).toContain('noExcessiveLinesPerFunction');
    expect(status).not.toBe(0);
    expect(functionLengths(root)).toMatchObject({ status: 0 });
  });
});
