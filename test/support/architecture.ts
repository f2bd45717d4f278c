// The rules of the house as a function over a source tree: what ARCHITECTURE.md says, checked.
import type { SourceFile, SourceImport } from './source-tree.js';

export const fileLinesMax = 400;

const rankOf: Readonly<Record<string, number>> = {
  ...{ compression: 0, tenancy: 0, telemetry: 0 },
  ...{ transport: 1, pulsar: 1, auth: 1, 'rate-limit': 1 },
  cluster: 1.5,
};
const gatewayRank = 2;
const socketLibs = ['transport', 'pulsar'];
/** Where the process names its protocols; with a protocol go its lines here and nothing else. */
const protocolFiles = ['apps/gateway/src/gateway.config.ts', 'apps/gateway/src/gateway.module.ts'];
const nestRoles = /\.(module|service|controller)\.ts$/;

/** `libs/pulsar/src/x.ts` -> `libs/pulsar`; everything below `test/` is one unit. */
function unitOf(path: string): string {
  return path.startsWith('test/') ? 'test' : path.split('/').slice(0, 2).join('/');
}

function libOf(unit: string): string | undefined {
  return unit.startsWith('libs/') ? unit.slice('libs/'.length) : undefined;
}

const isCodec = (lib: string) => lib.endsWith('-codec');
const isGateway = (lib: string) => lib.endsWith('-gateway');

/** Why `from` must not import `to`, or undefined where it may. */
function rankViolation(from: string, to: string): string | undefined {
  if (isCodec(from)) return to === 'compression' ? undefined : 'a codec may import compression only';
  const rank = isGateway(from) ? gatewayRank : rankOf[from];
  if (rank === undefined) return 'has no rank; give it one in test/support/architecture.ts';
  if (isGateway(from)) {
    if (isGateway(to)) return 'a gateway never imports another gateway';
    if (isCodec(to) && to !== from.replace(/-gateway$/, '-codec'))
      return 'a gateway imports only its own codec';
    return undefined;
  }
  if (isCodec(to)) return 'only a gateway imports a codec';
  const otherRank = isGateway(to) ? gatewayRank : (rankOf[to] ?? gatewayRank);
  return otherRank < rank ? undefined : `rank ${rank} may not import rank ${otherRank}`;
}

function importViolation(file: SourceFile, { specifier, target }: SourceImport): string | undefined {
  const from = unitOf(file.path);
  if (from === 'test') return undefined;
  const fromLib = libOf(from);
  if (/^(node:)?(net|tls)$/.test(specifier) && !socketLibs.includes(fromLib ?? '')) {
    return `${specifier} belongs to ${socketLibs.join(' and ')}`;
  }
  if (specifier.startsWith('@nestjs/') && fromLib !== undefined) {
    if (isCodec(fromLib) || !nestRoles.test(file.path))
      return `${specifier} outside a module or an injected service`;
  }
  if (specifier.startsWith('#') && target === undefined) {
    return `${specifier} is imported past its index`;
  }
  if (target === undefined) return undefined;
  const to = unitOf(target);
  if (to === from) return undefined;
  if (to === 'test') return `${specifier}: nothing imports test/`;
  if (!specifier.startsWith('#')) return `${specifier} reaches into ${to} past its index`;
  const toLib = libOf(to);
  if (fromLib === undefined) {
    const isProtocol = toLib !== undefined && (isGateway(toLib) || isCodec(toLib));
    return isProtocol && !protocolFiles.includes(file.path)
      ? `${specifier}: protocols are named in ${protocolFiles.join(' and ')} only`
      : undefined;
  }
  if (toLib === undefined) return `${specifier}: a lib never imports an app`;
  const why = rankViolation(fromLib, toLib);
  return why && `${specifier}: ${why}`;
}

function importViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports
      .map((each) => importViolation(file, each))
      .filter((each) => each !== undefined)
      .map((each) => `${file.path}: ${each}`),
  );
}

/** Cycles of a graph, each once, written `a -> b -> a`. */
function cyclesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  const visit = (node: string): void => {
    state.set(node, 'open');
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      if (state.get(next) === 'open') cycles.push([...path.slice(path.indexOf(next)), next].join(' -> '));
      else if (!state.has(next)) visit(next);
    }
    path.pop();
    state.set(node, 'done');
  };
  for (const node of edges.keys()) if (!state.has(node)) visit(node);
  return cycles;
}

function graph(files: readonly SourceFile[], name: (path: string) => string) {
  const edges = new Map<string, Set<string>>();
  for (const file of files) {
    const from = name(file.path);
    const targets = edges.get(from) ?? new Set<string>();
    for (const each of file.imports) {
      if (each.target === undefined) continue;
      const to = name(each.target);
      if (to !== from) targets.add(to);
    }
    edges.set(from, targets);
  }
  return edges;
}

/** Types count too: whoever reads one of the files of a circle has to read them all. */
function cycleViolations(files: readonly SourceFile[]): string[] {
  const ours = files.filter(({ path }) => !path.startsWith('test/'));
  const units = cyclesOf(graph(ours, unitOf));
  const single = cyclesOf(graph(files, (path) => path));
  return [...units, ...single].map((cycle) => `cycle: ${cycle}`);
}

const forbiddenWords = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'shared',
  'base',
  'impl',
  'manager',
  'managers',
];
const declaration =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(?<kind>class|interface|type|function\*?|const|let|enum) (?<name>[A-Za-z_$][\w$]*)/gm;

function wordsOf(name: string): string[] {
  return name
    .split(/(?<=[a-z0-9])(?=[A-Z])|[-._]/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function isForbiddenSymbol(kind: string, name: string): boolean {
  const words = wordsOf(name);
  if (forbiddenWords.includes(words.at(-1)!)) return true;
  // BaseCommand is Pulsar's own noun; a class that begins so is a base class.
  return kind === 'class' && words[0] === 'base';
}

function nameViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const inPath = file.path
      .replace(/\.ts$/, '')
      .split('/')
      // The specification's noun.
      .filter((part) => !part.startsWith('shared-subscription'))
      .filter((part) => wordsOf(part).some((word) => forbiddenWords.includes(word)));
    const symbols = [...file.text.matchAll(declaration)]
      .filter(({ groups }) => isForbiddenSymbol(groups!.kind!, groups!.name!))
      .map(({ groups }) => groups!.name!);
    return [...inPath, ...symbols].map((name) => `${file.path}: the name ${name} says nothing`);
  });
}

function sizeViolations(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > fileLinesMax)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${fileLinesMax}`);
}

/** Every breach as one line that names the file; empty when all is well. */
export function architectureViolations(tree: readonly SourceFile[]): string[] {
  const written = tree.filter(({ generated }) => !generated);
  return [
    ...importViolations(tree),
    ...cycleViolations(tree),
    ...nameViolations(written),
    ...sizeViolations(written),
  ];
}
