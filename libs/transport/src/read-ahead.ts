import type { Socket } from 'node:net';

/** Takes the first bytes of a connection, until they say what was asked. */
export interface AheadReader<T> {
  /**
   * @returns what they say, and the bytes that belong to who comes next; undefined while there are too few
   * @throws when they can never become what was asked
   */
  push(bytes: Buffer): { readonly value: T; readonly rest: Buffer } | undefined;
}

export interface AheadOutcome<T> {
  /** The socket is as if it had never been read, with `rest` as its first bytes. */
  onValue(value: T): void;
  /** What the reader threw. Reading has stopped; the socket is the caller's to end. */
  onFault(error: unknown): void;
}

/**
 * Reads what comes before the protocol itself. A client that ends before it is complete is let go of without a word;
 * how long it may take is the caller's to limit.
 */
export function readAhead<T>(socket: Socket, reader: AheadReader<T>, outcome: AheadOutcome<T>): void {
  const onReadable = () => {
    let settle: (() => void) | undefined;
    try {
      const bytes = socket.read() as Buffer | null;
      const ahead = bytes === null ? undefined : reader.push(bytes);
      if (ahead !== undefined) {
        if (ahead.rest.length > 0) socket.unshift(ahead.rest);
        settle = () => outcome.onValue(ahead.value);
      }
    } catch (error) {
      settle = () => outcome.onFault(error);
    }
    if (settle === undefined) return;
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    // A stream learns of the removed listener a tick later; who pauses it before that is not obeyed.
    process.nextTick(() => {
      if (!socket.destroyed) settle();
    });
  };
  const onEnd = () => socket.destroy();
  socket.on('readable', onReadable);
  socket.on('end', onEnd);
}

/**
 * Holds a client to what it has sent so far while it must wait, so that waiting costs no more memory.
 *
 * @param onMore it sent more; a client that ends is let go of without a word
 * @returns gives the socket back as it was, a tick later
 */
export function holdStill(socket: Socket, onMore: () => void): (then: () => void) => void {
  const held = socket.read() as Buffer | null;
  const stop = () => {
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
  };
  const onReadable = () => {
    if (socket.read() === null) return;
    stop();
    onMore();
  };
  const onEnd = () => socket.destroy();
  socket.on('readable', onReadable);
  socket.on('end', onEnd);
  return (then) => {
    stop();
    if (held !== null) socket.unshift(held);
    process.nextTick(() => {
      if (!socket.destroyed) then();
    });
  };
}
