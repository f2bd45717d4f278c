import type { FrameDecoder, Link, OutgoingConnection, Protocol, ProtocolConnection } from '#libs/transport';
import type { Splice, SpliceEvents } from '../cluster-view.js';
import { encodeSplice, type PeerFrame, PeerFrameDecoder } from '../peers/peer-frame.js';
import { PeerHandshake, type PeerIdentity } from '../peers/peer-handshake.js';
import { peerProtocolName } from '../peers/served-peer.js';

export interface SpliceRequest {
  readonly identity: PeerIdentity;
  readonly kind: string;
  readonly header: Buffer;
  readonly events: SpliceEvents;
  /** Once, whatever became of it; with a reason when it never was open. */
  readonly onEnd: (failure: string | undefined) => void;
  readonly onOpen: () => void;
}

/** Frames of the handshake, then bytes as they come. */
class OutgoingDecoder implements FrameDecoder<PeerFrame | Buffer> {
  // The handshake's frames have less than this.
  #frames: PeerFrameDecoder | undefined = new PeerFrameDecoder(0);

  push(bytes: Buffer): readonly (PeerFrame | Buffer)[] {
    return this.#frames?.push(bytes) ?? [bytes];
  }

  /** The other side says nothing between its welcome and what the protocol says. */
  opened(): void {
    this.#frames = undefined;
  }
}

/**
 * One connection to another gateway that carries one client's.
 *
 * ```
 *   proving ──welcome──▶ open (header sent, then bytes both ways) ──either side ends──▶ closed
 *       └──no gateway, gone, too late──▶ closed (never opened)
 * ```
 */
export class OutgoingSplice
  implements Splice, Protocol<PeerFrame | Buffer>, ProtocolConnection<PeerFrame | Buffer>
{
  readonly name = peerProtocolName;
  readonly decoder = new OutgoingDecoder();
  #link: Link | undefined;
  #handshake: PeerHandshake | undefined;
  #connection: OutgoingConnection | undefined;
  #open = false;
  #ended = false;

  constructor(
    /** Of the gateway that it leads to. */
    readonly instance: string,
    private readonly request: SpliceRequest,
  ) {}

  accept(link: Link): this {
    this.#link = link;
    this.#handshake = new PeerHandshake(link, this.request.identity);
    return this;
  }

  /** There is a socket. */
  connected(connection: OutgoingConnection): void {
    if (this.#ended) connection.destroy('gone');
    this.#connection = connection;
  }

  /** There will be none, or the gateway is gone. */
  abandon(why: string): void {
    if (this.#connection === undefined) this.#end(why);
    else this.#connection.destroy(why);
  }

  onFrame(frame: PeerFrame | Buffer): void {
    const { events, kind, header, onOpen } = this.request;
    if (Buffer.isBuffer(frame)) {
      events.onBytes(frame);
    } else if (this.#handshake!.onFrame(frame)) {
      this.#open = true;
      this.decoder.opened();
      this.#link!.authenticated();
      this.#link!.send(encodeSplice(kind, header));
      onOpen();
    }
  }

  onWritable(): void {
    if (this.#open) this.request.events.onWritable();
  }

  onClose(reason: string): void {
    this.#end(reason);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  send(bytes: Buffer): boolean {
    return this.#link!.send(bytes);
  }

  pause(): void {
    this.#link!.pause();
  }

  resume(): void {
    this.#link!.resume();
  }

  close(reason: string): void {
    this.#link!.close(reason);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.request.onEnd(this.#open ? undefined : reason);
    if (this.#open) this.request.events.onClose(reason);
  }
}
