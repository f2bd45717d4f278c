import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { referenceFaults } from './config-references.js';
import type { ConfigFault } from './config/config-fault.js';
import { crossCheck, type GatewayConfig, gatewayConfigSchema } from './gateway.config.js';

/** One bracket that is not closed may be a fault on each line behind it. */
const textFaultsMax = 20;
/** What a list of the wrong things has is a fault each; all are told to who asked, and in the log. */
const faultsMax = 1_000;

/** One fault of a configuration: where it is and what to do about it. */
export interface LocatedFault {
  /** `file:line:column`, or the name of the environment variable that set the value. */
  readonly where: string;
  /** Dotted key, `tenants.0.users.1.name`. */
  readonly key: string;
  readonly message: string;
}

/** Thrown with all faults of a configuration at once, before any port is opened. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly LocatedFault[]) {
    super(faults.map((fault) => `${fault.where}  ${fault.key || '(file)'}: ${fault.message}`).join('\n'));
    this.name = 'ConfigError';
  }
}

type Path = readonly (string | number)[];

const environmentPrefix = 'PULSEGATE__';

/**
 * Reads `file`, lays the environment over it (`PULSEGATE__kafka__nodeId=3`, list entries by number) and checks
 * all of it. Relative file names in it become absolute.
 *
 * @param options.references also look at the files and variables that it points to: passwords, TLS, tokens
 * @throws ConfigError with every fault, its line and its key.
 */
export function loadConfig(
  file: string,
  environment: NodeJS.ProcessEnv = process.env,
  options: { references?: boolean } = {},
): GatewayConfig {
  return parseConfig(readText(file), { ...options, name: file, folder: dirname(resolve(file)), environment });
}

export interface ConfigText {
  /** What the text is called in faults. */
  readonly name: string;
  /** What relative file names in it start from. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As of {@link loadConfig}. */
  readonly references?: boolean;
  /** What else may be wrong with it, once it is a configuration. */
  readonly judge?: (config: GatewayConfig) => readonly ConfigFault[];
}

/** As {@link loadConfig}, of a text that is there. @throws ConfigError */
export function parseConfig(text: string, options: ConfigText): GatewayConfig {
  const { name: file, environment } = options;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.slice(0, textFaultsMax).map((error) => ({
        where: position(file, lines, error.pos[0]),
        key: '',
        message: withoutContent(error.message),
      })),
    );
  }
  const value = contentOf(document, file) ?? {};
  const overridden = applyEnvironment(value, environment);
  const where = (path: Path): string =>
    overridden.get(path.join('.')) ?? position(file, lines, offsetOf(document, path));
  const judge = (config: GatewayConfig) => [
    ...crossCheck(config),
    ...(options.references ? referenceFaults(config, environment) : []),
    ...(options.judge?.(config) ?? []),
  ];
  return checked(value, where, judge, options.folder);
}

/** Checks a value that has no file, as the demo builds one. @throws ConfigError */
export function checkConfig(value: unknown): GatewayConfig {
  return checked(value, () => 'built-in', crossCheck, process.cwd());
}

function checked(
  value: unknown,
  where: (path: Path) => string,
  judge: (config: GatewayConfig) => readonly ConfigFault[],
  folder: string,
): GatewayConfig {
  const result = gatewayConfigSchema.safeParse(value);
  if (!result.success) {
    const faults = result.error.issues.flatMap((issue) => {
      const path = issue.path as Path;
      if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
      return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such setting' }));
    });
    throw located(faults, where);
  }
  const config = resolveFiles(result.data, folder);
  const faults = judge(config);
  if (faults.length > 0) throw located(faults, where);
  return config;
}

function located(faults: readonly ConfigFault[], where: (path: Path) => string): ConfigError {
  const told = faults
    .slice(0, faultsMax)
    .map(({ path, message }) => ({ where: where(path), key: path.join('.'), message }));
  const untold = faults.length - told.length;
  if (untold > 0) told.push({ where: where([]), key: '', message: `there are ${untold} faults more` });
  return new ConfigError(told);
}

/** @throws ConfigError */
function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    // An alias (`*name`) without an anchor, or of too much.
    throw new ConfigError([{ where: file, key: '', message: withoutContent((error as Error).message) }]);
  }
}

/** The parser ends some messages with what it found, which may be a secret. */
function withoutContent(message: string): string {
  return message.replace(/: .*$/s, '');
}

/** @throws ConfigError */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new ConfigError([{ where: file, key: '', message }]);
  }
}

function position(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

/** The place of the deepest part of `path` that is in the file: a missing key is reported where it belongs. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** Lays `PULSEGATE__a__b` over `value` in place; answers which key came from which variable. */
function applyEnvironment(value: unknown, environment: NodeJS.ProcessEnv): Map<string, string> {
  const overridden = new Map<string, string>();
  // On a text nothing can be laid, and who tries is told all of it: the schema refuses it without what it says.
  if (typeof value !== 'object' || Array.isArray(value)) return overridden;
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(environmentPrefix) || text === undefined) continue;
    const path = variable.slice(environmentPrefix.length).split('__');
    // biome-ignore lint/suspicious/noExplicitAny: a tree of unknown shape, checked by the schema afterwards
    let node: any = value;
    for (const [index, key] of path.slice(0, -1).entries()) {
      if (node[key] === null || typeof node[key] !== 'object') {
        node[key] = /^\d+$/.test(path[index + 1] ?? '') ? [] : {};
      }
      node = node[key];
    }
    node[path.at(-1) as string] = contentOfVariable(text, variable);
    overridden.set(path.join('.'), variable);
  }
  return overridden;
}

/** The value of a variable is YAML. @throws ConfigError that repeats nothing of it */
function contentOfVariable(text: string, variable: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new ConfigError([{ where: variable, key: '', message: withoutContent(error.message) }]);
  return contentOf(document, variable);
}

/** Every key that ends in `File` holds a path relative to the configuration file. */
function resolveFiles<T>(value: T, folder: string): T {
  if (Array.isArray(value)) return value.map((item) => resolveFiles(item, folder)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key.endsWith('File') && typeof item === 'string' && !isAbsolute(item)
        ? resolve(folder, item)
        : resolveFiles(item, folder),
    ]),
  ) as T;
}
