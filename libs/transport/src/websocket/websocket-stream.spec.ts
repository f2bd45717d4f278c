import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { WebSocketStream } from './websocket-stream.js';

/** Keeps the messages that it is to send. */
class FakeWebSocket extends EventEmitter {
  readonly sent: string[] = [];
  pause(): void {}
  send(bytes: Buffer, done?: () => void): void {
    this.sent.push(String(bytes));
    done?.();
  }
}

function opened(sentMessageBytesMax?: number) {
  const webSocket = new FakeWebSocket();
  const profile = { unauthenticatedBytesMax: 1_000, ...(sentMessageBytesMax && { sentMessageBytesMax }) };
  const stream = new WebSocketStream(
    webSocket as unknown as WebSocket,
    new EventEmitter() as unknown as Socket,
    profile,
  );
  const written = (...texts: readonly string[]) =>
    new Promise<readonly string[]>((resolve) => {
      stream.cork();
      for (const text of texts.slice(0, -1)) stream.write(text);
      stream.write(texts.at(-1)!, () => resolve(webSocket.sent));
      stream.uncork();
    });
  return { written };
}

describe('WebSocketStream', () => {
  it('sends what one turn writes as one message', async () => {
    expect(await opened().written('abc', 'defghi')).toEqual(['abcdefghi']);
  });

  it('sends it as several where the profile bounds them, and is done after the last', async () => {
    expect(await opened(4).written('abc', 'defgh')).toEqual(['abcd', 'efgh']);
    expect(await opened(4).written('abcdefghi')).toEqual(['abcd', 'efgh', 'i']);
    expect(await opened(4).written('abcd')).toEqual(['abcd']);
  });
});
