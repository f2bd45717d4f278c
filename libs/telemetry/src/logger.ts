import type { Writable } from 'node:stream';
import { pino, type LoggerOptions as PinoOptions } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from './log.js';

export interface LoggerOptions {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: `pretty` when the output is a terminal, else one JSON object a line. Default `auto`. */
  readonly format?: 'json' | 'pretty' | 'auto';
  /** Fields of every line, such as the node's id. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Default: standard output. */
  readonly destination?: Writable;
}

const secretKeys = [
  'password',
  'passphrase',
  'secret',
  'clientSecret',
  'token',
  'accessToken',
  'authorization',
  'credentials',
  'authData',
  'privateKey',
  'verifier',
];
const redact = {
  paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
  censor: '[redacted]',
};

/**
 * The process's log: `{"level":"info","time":"2026-01-31T12:00:00.000Z","event":...,"msg":...}` a line. Values under the
 * keys of secrets are never written, however deep (to two levels) they stand.
 */
export function createLogger(options: LoggerOptions = {}): Log {
  const { format = 'auto', destination } = options;
  const isTerminal = destination === undefined && process.stdout.isTTY === true;
  const pinoOptions: PinoOptions = {
    level: options.level ?? 'info',
    base: options.fields ?? null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact,
    serializers: { error: pino.stdSerializers.err },
  };
  if (format === 'json' || (format === 'auto' && !isTerminal)) {
    return destination ? pino(pinoOptions, destination) : pino(pinoOptions);
  }
  const stream = pretty({
    colorize: isTerminal,
    translateTime: 'SYS:HH:MM:ss.l',
    sync: true,
    errorLikeObjectKeys: ['error'],
    ...(destination && { destination }),
  });
  return pino(pinoOptions, stream);
}
