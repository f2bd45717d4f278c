import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MalformedFrame } from '../protocol.js';
import {
  closeFrame,
  webSocketCloseCodes,
  WebSocketFault,
  webSocketHeader,
  webSocketOpcodes,
  WebSocketReader,
} from './websocket-frames.js';

/** Pongs are left out while so much waits for a client that does not read. */
const pongBufferBytesMax = 16_384;
/** How long a client whose bytes were wrong may take to read why. */
const lingerMs = 1_000;

/**
 * The bytes inside of a WebSocket connection, as a stream: where messages begin and end means nothing [MQTT-6.0.0-2]. What is
 * written in one turn is one message. Nothing is held in either direction but what the two streams hold.
 *
 * ```
 *   open ──end()──▶ close sent ──client's close or end──▶ closed
 *     ├──client's close──▶ answered, readable side ended ──end()──▶ closed
 *     └──fault: close sent, error──▶ closed
 * ```
 */
export class WebSocketStream extends Duplex {
  readonly #socket: Socket;
  readonly #reader: WebSocketReader;
  #closeSent = false;
  #readEnded = false;
  #full = false;

  /** @param socket after the handshake; `head` are the first bytes of it that were read */
  constructor(socket: Socket, head: Buffer) {
    super();
    this.#socket = socket;
    this.#reader = new WebSocketReader({
      onData: (bytes) => {
        if (!this.push(bytes)) this.#full = true;
      },
      onPing: (payload) => this.#onPing(payload),
      onClose: (code) => this.#onClose(code),
    });
    socket.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    socket.on('end', () => this.#endRead());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      if (!this.#readEnded) this.destroy();
    });
    socket.pause();
    if (head.length > 0) socket.unshift(head);
  }

  override _read(): void {
    this.#full = false;
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], chunk.length, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    let bytes = 0;
    for (const { chunk } of chunks) bytes += chunk.length;
    this.#send(
      chunks.map(({ chunk }) => chunk),
      bytes,
      done,
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sendClose(webSocketCloseCodes.normal);
    this.#socket.end();
    // The close that the client answers with is read like all else.
    this.#socket.resume();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error instanceof MalformedFrame) {
      // It was told why; unread bytes at a close would make the kernel take that back.
      this.#socket.end();
      this.#socket.resume();
      const timer = setTimeout(() => this.#socket.destroy(), lingerMs).unref();
      this.#socket.once('close', () => clearTimeout(timer));
    } else {
      this.#socket.destroy();
    }
    done(error);
  }

  #onBytes(bytes: Buffer): void {
    if (this.#readEnded) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      if (!(error instanceof WebSocketFault)) throw error;
      this.#readEnded = true;
      this.#sendClose(error.closeCode);
      this.destroy(new MalformedFrame(`websocket-${error.code}`, error.message));
      return;
    }
    if (this.#full) this.#socket.pause();
  }

  #onPing(payload: Buffer): void {
    if (this.#closeSent || this.#socket.writableLength > pongBufferBytesMax) return;
    this.#socket.write(Buffer.concat([webSocketHeader(webSocketOpcodes.pong, payload.length), payload]));
  }

  #onClose(code: number | undefined): void {
    this.#sendClose(code);
    this.#endRead();
  }

  #endRead(): void {
    if (this.#readEnded) return;
    this.#readEnded = true;
    this.push(null);
  }

  #send(chunks: readonly Buffer[], bytes: number, done: (error?: Error | null) => void): void {
    // After a close nobody reads what is sent.
    if (this.#closeSent) {
      done();
      return;
    }
    const socket = this.#socket;
    socket.cork();
    socket.write(webSocketHeader(webSocketOpcodes.binary, bytes));
    const last = chunks.length - 1;
    for (let index = 0; index < last; index++) socket.write(chunks[index]!);
    socket.write(chunks[last]!, done);
    socket.uncork();
  }

  #sendClose(code: number | undefined): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#socket.write(closeFrame(code));
  }
}
