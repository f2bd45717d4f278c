import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocketOptions, WebSocketProfile } from '../protocol.js';
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
/** How long a client that was refused, or whose frames are wrong, may take to read why. */
const lingerMs = 1_000;
/** A message in many small fragments, or that comes in many small reads, costs more than its bytes. */
const fragmentBytesMean = 4_096;
const readBytesMean = 256;
const piecesMin = 256;

/**
 * The HTTP that a WebSocket connection begins with (RFC 6455, section 4.2), on sockets that were accepted elsewhere. Nothing
 * else is answered but by a refusal. How long a client may take is the caller's to limit.
 */
export class WebSocketHandshakes {
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #waiting = new WeakMap<Duplex, WebSocketOutcome>();

  constructor(
    private readonly options: WebSocketOptions,
    private readonly profile: WebSocketProfile,
    /** What clients are told to connect to. */
    private readonly advertisedHost?: string,
  ) {
    this.#webSockets = webSocketServer(profile);
    this.#webSockets.on('wsClientError', ({ message }, socket) => {
      this.#refuse(socket as Socket, { status: 400, code: 'handshake', message });
    });
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
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const outcome = this.#waiting.get(socket);
      this.#waiting.delete(socket);
      outcome?.onOpen(new WebSocketStream(webSocket, socket, this.profile));
    });
  }

  /** What `ws` does not ask for. */
  #fault(request: IncomingMessage): Refusal | undefined {
    const { url = '', headers } = request;
    const { path, origins } = this.options;
    if (url.split('?', 1)[0] !== path) {
      return { status: 404, code: 'path', message: 'another path than that of the listener' };
    }
    const { origin, host } = headers;
    const listed = origin === undefined || origins.includes('*') || origins.includes(origin.toLowerCase());
    if (!listed && !isOwnOrigin(origin, host, this.advertisedHost)) {
      return { status: 403, code: 'origin', message: 'a page whose origin is not listed' };
    }
    if (headers['sec-websocket-version'] !== '13') {
      const supported = 'Sec-WebSocket-Version: 13\r\n';
      return { status: 426, code: 'version', message: 'another version of WebSocket', headers: supported };
    }
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const { subprotocols } = this.profile;
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

/**
 * Whether it is the address that the client connected to: programs name it where browsers name the page, and no page comes
 * from here. Of host names the advertised one alone: behind any other a page may be, whose name was made to lead here.
 */
function isOwnOrigin(origin: string, host = '', advertisedHost?: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, port } = new URL(origin);
  const asked = `${protocol}//${host}`;
  if (!URL.canParse(asked)) return false;
  const target = new URL(asked);
  if (target.hostname !== hostname || target.port !== port) return false;
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 || hostname === 'localhost' || hostname === advertisedHost?.toLowerCase();
}

function webSocketServer({ subprotocols, messageBytesMax }: WebSocketProfile): WebSocketServer {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    // Text is refused, valid or not.
    skipUTF8Validation: true,
    maxPayload: messageBytesMax,
    maxFragments: piecesMin + Math.ceil(messageBytesMax / fragmentBytesMean),
    maxBufferedChunks: piecesMin + Math.ceil(messageBytesMax / readBytesMean),
    // Not in its types.
    closeTimeout: lingerMs,
    handleProtocols: (offered: Set<string>) => subprotocols.find((each) => offered.has(each)) ?? false,
  };
  return new WebSocketServer(options);
}
