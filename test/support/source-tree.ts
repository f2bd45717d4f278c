// The TypeScript sources below a root, with what each imports.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

export interface SourceImport {
  /** As written, e.g. `#libs/pulsar`, `./frame.js`, `node:net`. */
  readonly specifier: string;
  /** The file of this tree it means, relative to the root, where it means one. */
  readonly target?: string;
}

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly generated: boolean;
  readonly imports: readonly SourceImport[];
}

const sourceFolders = ['apps', 'libs', 'test'];
const importPattern =
  /(?:^|[;\n])\s*(?:import|export)\s+(?:[^'"`;]*?\sfrom\s*)?['"](?<from>[^'"\n]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"\n]+)['"]\s*\)/g;

function* typescriptFiles(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'target') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* typescriptFiles(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

/** Comments hold examples of imports; strings that look like comments (`'//'`) only lose what follows on their line. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function targetOf(importer: string, specifier: string): string | undefined {
  const lib = /^#(libs|apps)\/([^/]+)$/.exec(specifier);
  if (lib) return `${lib[1]}/${lib[2]}/src/index.ts`;
  if (!specifier.startsWith('.')) return undefined;
  return posix.normalize(posix.join(posix.dirname(importer), specifier)).replace(/\.js$/, '.ts');
}

function importsOf(path: string, text: string): SourceImport[] {
  return [...withoutComments(text).matchAll(importPattern)].map(({ groups }) => {
    const specifier = (groups?.from ?? groups?.dynamic)!;
    const target = targetOf(path, specifier);
    return { specifier, ...(target ? { target } : {}) };
  });
}

export function readSourceTree(root: string): SourceFile[] {
  return sourceFolders
    .flatMap((folder) => [...typescriptFiles(join(root, folder))])
    .map((file) => {
      const path = relative(root, file).split(sep).join('/');
      const text = readFileSync(file, 'utf8');
      return { path, text, generated: dirname(path).includes('/generated'), imports: importsOf(path, text) };
    });
}
