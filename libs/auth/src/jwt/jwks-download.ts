import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** From the first byte of the request to the last of the answer. */
const timeoutMsDefault = 5_000;
/** Largest answer; a key has 1 KB, with its certificates 5. */
export const jwksBytesMax = 262_144;

export interface JwksDownloadOptions {
  /** `jwksUrlFault` judges it. */
  readonly url: string;
  /** PEM certificates of the only authorities that are trusted for this; read again at each download. */
  readonly caFile?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** The issuer's keys could not be got. The message says why, and repeats nothing of the answer. */
export class JwksDownloadError extends Error {
  override readonly name = 'JwksDownloadError';
}

/** Why keys cannot be got from `url`, or undefined. Whoever can change the answer on its way can let anybody in. */
export function jwksUrlFault(url: string): string | undefined {
  if (!URL.canParse(url)) return 'is no URL';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'holds a user or password, which would end in logs';
  if (protocol === 'https:') return undefined;
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  if (protocol === 'http:' && loopback) return undefined;
  return 'is neither https:// nor http:// to this machine';
}

/**
 * Gets the text of a JWK Set (RFC 7517). One request, one connection: no redirect is followed, no proxy is taken from the
 * environment, nothing is decompressed, and time and size are limited whatever the server does.
 *
 * @throws JwksDownloadError
 */
export async function downloadJwks(options: JwksDownloadOptions): Promise<string> {
  const timeoutMs = options.timeoutMs ?? timeoutMsDefault;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const ca = options.caFile === undefined ? undefined : await readFile(options.caFile);
    const body = await answerOf(options.url, ca, signal);
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof JwksDownloadError) throw error;
    if (signal.aborted) throw new JwksDownloadError(`no complete answer within ${timeoutMs} ms`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new JwksDownloadError(code ?? message, { cause: error });
  }
}

function answerOf(url: string, ca: Buffer | undefined, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', connection: 'close' };
    const options = { method: 'GET', agent: false, headers, signal };
    const onAnswer = (answer: IncomingMessage) => {
      bodyOf(answer).then(resolve, (error: unknown) => {
        request.destroy();
        reject(error);
      });
    };
    const request = url.startsWith('https:')
      ? httpsRequest(url, { ...options, ...(ca && { ca }) }, onAnswer)
      : httpRequest(url, options, onAnswer);
    request.on('error', reject);
    request.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const { statusCode = 0 } = answer;
  if (statusCode >= 300 && statusCode < 400) {
    throw new JwksDownloadError(`the answer is ${statusCode}; redirects are not followed`);
  }
  if (statusCode !== 200) throw new JwksDownloadError(`the answer is ${statusCode}`);
  const tooLarge = `the answer has more than ${jwksBytesMax} bytes`;
  if (Number(answer.headers['content-length'] ?? 0) > jwksBytesMax) throw new JwksDownloadError(tooLarge);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > jwksBytesMax) throw new JwksDownloadError(tooLarge);
    parts.push(part);
  }
  if (!answer.complete) throw new JwksDownloadError('the answer was cut off');
  return Buffer.concat(parts);
}
