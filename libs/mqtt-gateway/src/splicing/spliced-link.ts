import type { Buffer } from 'node:buffer';
import { ConnectionLog, type Log } from '#libs/telemetry';
import type { Link, ListenerInfo, PeerInfo } from '#libs/transport';
import type { SplicedClient } from './splice-header.js';

/** A client's link to the gateway that it connected to, as if it had connected here: bytes go by the other gateway. */
export class SplicedLink implements Link {
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  readonly log: ConnectionLog;

  constructor(
    private readonly carrier: Link,
    { id, peer, listener }: SplicedClient,
    log: Log,
  ) {
    this.id = id;
    this.peer = peer;
    this.listener = listener;
    const { remoteAddress, remotePort } = peer;
    const { protocol, name } = listener;
    this.log = new ConnectionLog(log, {
      ...{ protocol, listener: name, connectionId: id },
      ...{ remoteAddress, remotePort },
    });
  }

  get sendBufferedBytes(): number {
    return this.carrier.sendBufferedBytes;
  }

  send(bytes: Buffer | readonly Buffer[], onFlushed?: () => void): boolean {
    return this.carrier.send(bytes, onFlushed);
  }

  pause(): void {
    this.carrier.pause();
  }

  resume(): void {
    this.carrier.resume();
  }

  /** It has been. */
  authenticated(): void {}

  close(reason: string): void {
    this.carrier.close(reason);
  }
}
