import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition, encodeFrame } from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import type {
  ConnectionSession,
  SessionConnection,
  SessionPerformative,
} from './connection/session-connection.js';
import type { ConnectionLinks } from './links/connection-links.js';

/** One session of a client, on one channel (AMQP 2.5). */
export class AmqpSession implements ConnectionSession {
  /**
   * Answers the client's `begin`.
   *
   * @param links one for all sessions of the connection
   */
  constructor(
    readonly connection: SessionConnection,
    readonly channel: number,
    begin: AmqpComposite<'begin'>,
    readonly links: ConnectionLinks,
  ) {
    const { sessionWindowFrames, linksPerSessionMax } = connection.services.options;
    connection.services.counters.sessionsOpen++;
    connection.send(
      encodeFrame(channel, {
        ...{ type: 'begin', remoteChannel: channel, nextOutgoingId: begin.nextOutgoingId },
        ...{ incomingWindow: sessionWindowFrames, outgoingWindow: 0x7fff_ffff },
        handleMax: linksPerSessionMax - 1,
      }),
    );
  }

  onFrame(performative: SessionPerformative, _payload: Buffer): void {
    if (performative.type !== 'end') {
      throw new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'links are not served', 'connection');
    }
    this.connection.send(encodeFrame(this.channel, { type: 'end' }));
    this.close();
    this.connection.released(this.channel);
  }

  onWritable(): void {}

  close(): void {
    this.connection.services.counters.sessionsOpen--;
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }
}
