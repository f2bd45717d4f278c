import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Audit, Log } from '#libs/telemetry';
import type { AdminAccess } from './admin-access.js';

/** Of a configuration, which nothing else takes: some 10 000 tenants. */
const bodyBytesMax = 8 * 1_024 * 1_024;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
/** How late the two may be: by default Node looks every 30 s. */
const timeoutCheckMs = 1_000;
const keepAliveTimeoutMs = 30_000;
const connectionsMax = 256;
const methods = ['GET', 'HEAD'];
/** What changes something, for those alone who have the token. */
const changes = { method: 'PUT', path: '/api/config' };

interface Request {
  readonly ip: string;
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly authorization?: string };
}

type Parsed = (error: Error | null, body: unknown) => void;

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

/** Every refusal in the same few words: no stack, no path, no name or version of what serves it. */
function refuse(reply: Reply, status: number): void {
  reply.status(status).send({ status, error: STATUS_CODES[status] ?? 'Error' });
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

/** The HTTP server of the admin port, bounded in all that a stranger can make it hold: no body of one is read. */
export function adminHttp(access: AdminAccess, audit?: Audit): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: timeoutCheckMs },
    frameworkErrors: (_error: unknown, _request: unknown, reply: unknown) => refuse(reply as Reply, 400),
  });
  const server = adapter.getInstance();
  server.server.maxConnections = connectionsMax;
  // Who asks nothing makes room for who does.
  server.server.on('drop', () => server.server.closeIdleConnections());
  server.addHook('onRequest', async (request: Request, reply: Reply) => {
    const { method, url, headers } = request;
    if (methods.includes(method)) return;
    if (method === changes.method && url === changes.path) {
      if (access.allows(headers.authorization)) return;
      const remoteAddress = request.ip;
      audit?.record({
        kind: 'access',
        outcome: 'denied',
        action: 'config.reload',
        listener: 'admin',
        remoteAddress,
      });
      if (access.enabled) reply.header('www-authenticate', 'Bearer');
      refuse(reply, access.enabled ? 401 : 403);
      return reply;
    }
    reply.header('allow', methods.join(', '));
    refuse(reply, 405);
    return reply;
  });
  // A configuration is YAML, of which JSON is a part: whatever it is called, it is a text.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request: unknown, body: unknown, done: Parsed) =>
    done(null, body),
  );
  return adapter;
}

/** What goes wrong in a controller, and every unknown path. */
@Catch()
export class AdminErrors implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = statusOf(error);
    if (status >= 500) this.log.error({ event: 'admin.failed', error }, 'an admin request failed');
    refuse(host.switchToHttp().getResponse<Reply>(), status);
  }
}
