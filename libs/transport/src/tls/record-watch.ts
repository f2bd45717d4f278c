import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** How often connections are looked at. */
export const watchIntervalMs = 1_000;
/** Of TLS alone, between two looks. A KeyUpdate record has 27 bytes, and an honest client sends one in hours. */
export const emptyBytesMax = 4_096;
/** Records of a single byte of data have 23 bytes; what has more per byte of data is there for its own sake. */
const bytesPerDataByteMax = 64;

interface Watched {
  readonly socket: Socket;
  readonly secure: TLSSocket;
  readonly onFlood: () => void;
  bytes: number;
  dataBytes: number;
}

/**
 * Ends clients that keep OpenSSL busy without sending data: a KeyUpdate (RFC 8446 4.6.3) costs some 30 µs for 27 bytes, and
 * neither the protocol nor an idle timeout ever sees one.
 */
export class RecordWatch {
  readonly #watched = new Set<Watched>();
  readonly #timer = setInterval(() => this.look(), watchIntervalMs).unref();

  /** @param socket what `secure` was made of: it counts bytes as they came */
  add(socket: Socket, secure: TLSSocket, onFlood: () => void): void {
    const watched = { socket, secure, onFlood, bytes: socket.bytesRead, dataBytes: secure.bytesRead };
    this.#watched.add(watched);
    secure.once('close', () => this.#watched.delete(watched));
  }

  look(): void {
    for (const watched of this.#watched) {
      const bytes = watched.socket.bytesRead - watched.bytes;
      if (bytes < emptyBytesMax) continue;
      const dataBytes = watched.secure.bytesRead - watched.dataBytes;
      if (dataBytes * bytesPerDataByteMax < bytes) {
        this.#watched.delete(watched);
        watched.onFlood();
      } else {
        watched.bytes += bytes;
        watched.dataBytes += dataBytes;
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
