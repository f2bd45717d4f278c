import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { UnauthenticatedBytes } from './unauthenticated-bytes.js';

const much = 65_536;
const fitting = 64;

describe('bytes of clients that nobody has let in', () => {
  function bed() {
    const unauthenticated = new UnauthenticatedBytes();
    const refused: number[] = [];
    const clients = Array.from({ length: 3 * fitting }, (_, at) => {
      // Nobody reads it.
      const socket = new Duplex({ read() {}, write() {} });
      const letIn = unauthenticated.watch(socket as Socket, () => refused.push(at));
      return { sends: (bytes: number) => socket.push(Buffer.alloc(bytes)), letIn, socket };
    });
    return { clients, refused };
  }

  it('are bounded: who sends much beyond the bound is refused once, who sends what a login takes is not', () => {
    const { clients, refused } = bed();
    for (const client of clients.slice(0, fitting)) client.sends(much);
    expect(refused).toEqual([]);
    clients[fitting]!.sends(4_096);
    clients[fitting + 1]!.sends(4_097);
    clients[fitting + 1]!.sends(much);
    expect(refused).toEqual([fitting + 1]);
    expect(clients[fitting]!.socket.readableLength).toBe(4_096);
  });

  it('are free again when clients are let in or gone', () => {
    const { clients, refused } = bed();
    for (const [at, { sends, letIn, socket }] of clients.entries()) {
      sends(much);
      if (at % 2 === 0) letIn();
      else socket.emit('close');
      sends(much);
    }
    expect(refused).toEqual([]);
  });
});
