import type { Socket } from 'node:net';

/** Above it those are refused that sent much. */
const bytesMax = 4 * 1_024 * 1_024;
/** What a login takes, tokens included: nobody is refused for less. */
const loginBytes = 4_096;

/**
 * Bytes of clients that nobody has let in yet, over all connections of a listener. What one of them may send is bounded by its
 * protocol; so that a thousand of them are not the process's memory, those that sent much are refused while all have sent too
 * much together.
 */
export class UnauthenticatedBytes {
  #bytes = 0;

  /**
   * Counts what the socket is given by the system, also while it is paused: Node reads on, up to 64 KiB and more.
   *
   * @param refuse called once at most
   * @returns to be called when the client is let in
   */
  watch(socket: Socket, refuse: () => void): () => void {
    let sent = 0;
    const push = socket.push;
    const settle = () => {
      socket.push = push;
      socket.off('close', settle);
      this.#bytes -= sent;
      sent = 0;
    };
    const count = (bytes: number) => {
      sent += bytes;
      this.#bytes += bytes;
      if (this.#bytes <= bytesMax || sent <= loginBytes) return;
      settle();
      refuse();
    };
    socket.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
      if (chunk !== null) count(chunk.length);
      return push.call(socket, chunk, encoding);
    };
    socket.once('close', settle);
    count(socket.readableLength);
    return settle;
  }
}
