import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketOptions } from '../protocol.js';
import { WebSocketStream } from './websocket-stream.js';

/** What becomes of a handshake: at most one of these is called; nothing when the client just goes away. */
export interface WebSocketOutcome {
  onOpen(stream: WebSocketStream): void;
  /** The client was answered; the socket ends by itself. `code` is Node's (`HPE_HEADER_OVERFLOW`) or a fixed word of ours. */
  onRefused(code: string, message: string): void;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: string;
}

const headerBytesMax = 8_192;
const headersMax = 64;
/** How long a client that was refused may take to read why. */
const lingerMs = 1_000;
/** RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 16 bytes in base64. */
const keyPattern = /^[A-Za-z0-9+/]{22}==$/;

/**
 * The HTTP that a WebSocket connection begins with (RFC 6455, section 4.2), on sockets that were accepted elsewhere. Nothing
 * else is answered but by a refusal. How long a client may take is the caller's to limit.
 */
export class WebSocketHandshakes {
  readonly #server: Server;
  readonly #waiting = new WeakMap<Duplex, WebSocketOutcome>();

  constructor(
    private readonly options: WebSocketOptions,
    private readonly subprotocols: readonly string[],
  ) {
    this.#server = createServer({ maxHeaderSize: headerBytesMax, keepAlive: false });
    this.#server.maxHeadersCount = headersMax;
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket as Socket, head));
    this.#server.on('request', ({ socket }) => {
      const headers = 'Upgrade: websocket\r\n';
      this.#refuse(socket, {
        status: 426,
        code: 'no-upgrade',
        message: 'no WebSocket is asked for',
        headers,
      });
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const code = error.code ?? 'http';
      if (code === 'ECONNRESET') return;
      const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
      this.#refuse(socket as Socket, { status, code, message: 'what came is no HTTP that can be read' });
    });
  }

  start(socket: Socket, outcome: WebSocketOutcome): void {
    this.#waiting.set(socket, outcome);
    this.#server.emit('connection', socket);
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const refusal = this.#fault(request);
    if (refusal !== undefined) {
      this.#refuse(socket, refusal);
      return;
    }
    const offered = offeredProtocols(request);
    const protocol = this.subprotocols.find((each) => offered.includes(each))!;
    const key = request.headers['sec-websocket-key']!;
    const accept = createHash('sha1').update(`${key}${acceptSuffix}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    const outcome = this.#waiting.get(socket);
    this.#waiting.delete(socket);
    outcome?.onOpen(new WebSocketStream(socket, head));
  }

  #fault(request: IncomingMessage): Refusal | undefined {
    const { method, url = '', headers } = request;
    const { path, origins } = this.options;
    if (url.split('?', 1)[0] !== path) {
      return { status: 404, code: 'path', message: 'another path than that of the listener' };
    }
    if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
      return { status: 400, code: 'upgrade', message: 'an upgrade to something else than WebSocket' };
    }
    const { origin } = headers;
    if (origin !== undefined && !origins.includes('*') && !origins.includes(origin.toLowerCase())) {
      return { status: 403, code: 'origin', message: 'a page whose origin is not listed' };
    }
    if (headers['sec-websocket-version'] !== '13') {
      const supported = 'Sec-WebSocket-Version: 13\r\n';
      return { status: 426, code: 'version', message: 'another version of WebSocket', headers: supported };
    }
    if (!keyPattern.test(headers['sec-websocket-key'] ?? '')) {
      return { status: 400, code: 'key', message: 'a WebSocket handshake without a key of 16 bytes' };
    }
    const offered = offeredProtocols(request);
    const { subprotocols } = this;
    if (subprotocols.some((each) => offered.includes(each))) return undefined;
    return { status: 400, code: 'subprotocol', message: `no subprotocol of ${subprotocols.join(', ')}` };
  }

  #refuse(socket: Socket, { status, code, message, headers = '' }: Refusal): void {
    const outcome = this.#waiting.get(socket);
    this.#waiting.delete(socket);
    const length = `Content-Length: ${Buffer.byteLength(message) + 1}\r\nContent-Type: text/plain\r\n`;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${length}${headers}\r\n${message}\n`,
    );
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('close', () => clearTimeout(timer));
    outcome?.onRefused(code, `the WebSocket handshake was refused: ${message}`);
  }
}

function offeredProtocols({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
}
