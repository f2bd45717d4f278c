import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { MalformedFrame, type WebSocketProfile } from '../protocol.js';

/** Section 7.4.1 of RFC 6455. */
const closeCodes = { normal: 1_000, unsupportedData: 1_003, tooBig: 1_009 } as const;
/** Pongs are left out while so much waits for a client that does not read. */
const pongBufferBytesMax = 16_384;
/** What a read costs beside its bytes while `ws` gathers: whoever sends single bytes pays for it. */
const readCostBytes = 256;

/**
 * The bytes inside of a WebSocket connection, as a stream: where messages begin and end means nothing [MQTT-6.0.0-2]. What is
 * written in one turn is one message, up to the profile's bound. `ws` holds a message until it is whole; so that this is not open to everybody, a client
 * that is not authenticated may send so much in all. Beyond it waits whose bytes are being looked at (the stream is paused), and
 * all others are told off.
 *
 * ```
 *   open ──end()──▶ close and end sent ──client's end──▶ closed
 *     ├──client's close or end──▶ answered, readable side ended ──end()──▶ closed
 *     └──fault: close and end sent, error──▶ closed
 * ```
 */
export class WebSocketStream extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #sentMessageBytesMax: number;
  #unauthenticatedBytesLeft: number;
  #waitsForAuthentication = false;
  readonly #onBytes = ({ length }: Buffer) => this.#count(length);

  /** @param socket what the frames are read from */
  constructor(
    webSocket: WebSocket,
    socket: Socket,
    {
      unauthenticatedBytesMax,
      sentMessageBytesMax = Number.POSITIVE_INFINITY,
    }: Pick<WebSocketProfile, 'unauthenticatedBytesMax' | 'sentMessageBytesMax'>,
  ) {
    super();
    this.#sentMessageBytesMax = sentMessageBytesMax;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#unauthenticatedBytesLeft = unauthenticatedBytesMax;
    webSocket.on('message', (bytes, isBinary) => this.#onMessage(bytes as Buffer, isBinary));
    webSocket.on('ping', (payload) => this.#onPing(payload));
    webSocket.on('error', (error: NodeJS.ErrnoException) => this.destroy(faultOf(error)));
    webSocket.on('close', () => this.push(null));
    // After the listener of `ws`: what these bytes complete was passed on when they are counted.
    socket.on('data', this.#onBytes);
    socket.on('error', (error) => this.destroy(error));
    webSocket.pause();
  }

  /** From here its client may send messages of any allowed size. */
  authenticated(): void {
    this.#unauthenticatedBytesLeft = Number.POSITIVE_INFINITY;
    this.#socket.off('data', this.#onBytes);
    if (!this.#waitsForAuthentication) return;
    this.#waitsForAuthentication = false;
    this.#webSocket.resume();
  }

  override _read(): void {
    if (!this.#waitsForAuthentication) this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#end(closeCodes.normal);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Who was told why may read it: `ws` ends the socket after its `closeTimeout`.
    if (!(error instanceof MalformedFrame)) this.#webSocket.terminate();
    done(error);
  }

  #send(bytes: Buffer, done: () => void): void {
    const max = this.#sentMessageBytesMax;
    let from = 0;
    for (; bytes.length - from > max; from += max) this.#webSocket.send(bytes.subarray(from, from + max));
    // An error is the end of the socket, which is told elsewhere, or a close, after which nobody reads.
    this.#webSocket.send(from === 0 ? bytes : bytes.subarray(from), () => done());
  }

  #count(bytes: number): void {
    this.#unauthenticatedBytesLeft -= bytes + readCostBytes;
    if (this.#unauthenticatedBytesLeft >= 0) return;
    if (this.isPaused()) {
      this.#waitsForAuthentication = true;
      this.#webSocket.pause();
      return;
    }
    this.#refuse(
      closeCodes.tooBig,
      'unauthenticated-bytes',
      'too many bytes before the client authenticated',
    );
  }

  #onMessage(bytes: Buffer, isBinary: boolean): void {
    if (this.destroyed) return;
    if (!isBinary) {
      this.#refuse(closeCodes.unsupportedData, 'text-frame', 'a text frame, only binary is served');
    } else if (!this.push(bytes)) {
      this.#webSocket.pause();
    }
  }

  #onPing(payload: Buffer): void {
    // A copy: a view would keep all that was read with it.
    if (this.#socket.writableLength <= pongBufferBytesMax) this.#webSocket.pong(Buffer.from(payload));
  }

  #refuse(closeCode: number, code: string, message: string): void {
    this.#end(closeCode);
    this.destroy(new MalformedFrame(`websocket-${code}`, `WebSocket: ${message}`));
  }

  #end(closeCode: number): void {
    this.#webSocket.close(closeCode);
    // What still comes is read and dropped: unread bytes at a close would make the kernel take back what was sent.
    this.#socket.removeAllListeners('data');
    this.#socket.end();
    this.#socket.resume();
  }
}

/** Of frames that are wrong, which `ws` has answered: `WS_ERR_EXPECTED_MASK` is `websocket-expected-mask`. */
function faultOf({ code = '', message }: NodeJS.ErrnoException): MalformedFrame {
  const word = code.replace('WS_ERR_', '').replaceAll('_', '-').toLowerCase();
  return new MalformedFrame(`websocket-${word}`, `WebSocket: ${message}`);
}
