import { Buffer } from 'node:buffer';
import type { EndOfIdentity, SessionWatch, WatchedSession } from '#libs/auth';
import {
  type Forwarding,
  PeerUnavailable,
  type Splice,
  type SpliceEvents,
  type Splicing,
} from '#libs/cluster';
import { type ConnectPacket, encodeConnect, MqttReasonCode } from '#libs/mqtt-codec';
import type { Link } from '#libs/transport';
import { MqttError } from '../mqtt.errors.js';
import { drainKind, encodeSpliceHeader, type SplicedClient, spliceKind } from './splice-header.js';

/** A CONNECT that was served up to its session. */
export interface ServedConnect {
  readonly connect: ConnectPacket;
  /** What the other gateway is told of its client. */
  readonly client: SplicedClient;
  /** When the certificate ends that proved who it is, on the clock of `performance.now()`; Infinity: never, or none did. */
  readonly certifiedUntilMs: number;
}

export interface CarriedClientParts {
  readonly splicing: Splicing;
  readonly forwarding: Forwarding;
  readonly watch: SessionWatch;
  readonly link: Link;
  /** Nothing came back from the other gateway: CONNACK is to say why. */
  refuse(error: MqttError): void;
}

/** How long the other gateway may take to send the client away when this one stops. */
const drainMsMax = 3_000;
const never = Number.POSITIVE_INFINITY;

/**
 * A client that connected here and whose session is on another gateway. That one serves it; here its bytes pass, as they are
 * and as fast as both sides take them. Keep alive and all limits but those of the listener are the other gateway's, who a
 * token made it is watched here, where it was shown.
 *
 * ```
 *   opening ──▶ carried, nothing came back ──bytes──▶ carried ──either side ends──▶ ended (the other with it)
 *      └─────────────┴──the other gateway ends──▶ refused with 0x88
 * ```
 */
export class CarriedClient implements SpliceEvents, WatchedSession {
  #splice: Splice | undefined;
  #answered = false;
  #ended = false;
  /** Who waits for the end. */
  #gone: PromiseWithResolvers<void> | undefined;
  /** The client is not read: the other gateway does not keep up. */
  #held = false;

  private constructor(
    private readonly nodeId: number,
    private readonly parts: CarriedClientParts,
  ) {}

  /**
   * The splice gets CONNECT without its password.
   *
   * @throws PeerUnavailable
   */
  static async open(
    nodeId: number,
    served: ServedConnect,
    parts: CarriedClientParts,
  ): Promise<CarriedClient> {
    const carried = new CarriedClient(nodeId, parts);
    const splice = await parts.splicing.open(nodeId, spliceKind, encodeSpliceHeader(served.client), carried);
    carried.#begin(splice, served);
    return carried;
  }

  /** From the client. */
  onRaw(bytes: Buffer): void {
    if (this.#splice?.send(bytes) === false && !this.#ended) this.#hold();
  }

  /** The client takes bytes again. */
  onLinkWritable(): void {
    this.#splice?.resume();
  }

  /** The client is gone. */
  onLinkClose(reason: string): void {
    this.#end();
    this.#splice?.close(reason);
  }

  /** This gateway stops: the one that speaks with the client says so, between two packets. */
  async drain(): Promise<void> {
    if (this.#ended) return;
    const { forwarding, link } = this.parts;
    const gone = Promise.withResolvers<void>();
    this.#gone = gone;
    const timer = setTimeout(gone.resolve, drainMsMax);
    // What it says comes by the splice, and may come after the answer to this.
    forwarding.request(this.nodeId, drainKind, Buffer.from(link.id), drainMsMax).catch(gone.resolve);
    await gone.promise;
    clearTimeout(timer);
  }

  onBytes(bytes: Buffer): void {
    this.#answered = true;
    if (!this.parts.link.send(bytes) && !this.#ended) this.#splice!.pause();
  }

  /** The other gateway takes bytes again. */
  onWritable(): void {
    if (this.#held) this.parts.link.resume();
    this.#held = false;
  }

  onClose(reason: string): void {
    if (this.#ended) return;
    this.#end();
    if (this.#splice === undefined) return;
    if (this.#answered) this.parts.link.close(reason);
    else {
      this.parts.refuse(elsewhere('it has gone'));
    }
  }

  revoked(end: EndOfIdentity): void {
    this.parts.link.close(end === 'tenant' ? 'tenant-removed' : 'identity-revoked');
  }

  sessionEnded(): boolean {
    this.parts.link.close('identity-ended');
    return false;
  }

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.parts.link.pause();
  }

  #begin(splice: Splice, { connect, client, certifiedUntilMs }: ServedConnect): void {
    if (this.#ended) throw new PeerUnavailable(this.nodeId, 'it has gone');
    this.#splice = splice;
    const { password: _, ...rest } = connect;
    splice.send(encodeConnect(rest));
    this.parts.watch.watch(this, client.principal, this.#watchedUntil(client, certifiedUntilMs));
  }

  /** Who may prove again who it is does so to the other gateway: that one watches the time, but knows no certificate. */
  #watchedUntil({ authentication, endsAtMs }: SplicedClient, certifiedUntilMs: number): number {
    if (authentication.authenticationMethod !== undefined) return certifiedUntilMs;
    if (endsAtMs === undefined) return never;
    return performance.now() + endsAtMs - Date.now();
  }

  #end(): void {
    this.#ended = true;
    this.#gone?.resolve();
    this.parts.watch.forget(this);
  }
}

/** What the client is told. */
export function elsewhere(why: string): MqttError {
  return new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, `the session is on another gateway: ${why}`);
}
