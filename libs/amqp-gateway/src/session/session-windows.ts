import type { AmqpComposite } from '#libs/amqp-codec';
import { serialAdd, serialDistance } from './serial-number.js';

/** We take any number of frames as far as the client's outgoing window is concerned. */
const outgoingWindow = 0x7fff_ffff;

type SessionFlow = Pick<
  AmqpComposite<'flow'>,
  'nextIncomingId' | 'incomingWindow' | 'nextOutgoingId' | 'outgoingWindow'
>;

/** How many transfer frames may pass either way, and how many did (AMQP 2.5.6). Not the business of any link. */
export class SessionWindows {
  readonly #incomingMax: number;
  readonly #firstOutgoingId: number;
  #incoming: number;
  #nextIncomingId: number;
  #nextOutgoingId: number;
  #remoteIncoming: number;

  /** @param incomingMax frames that the client may send before it hears of us */
  constructor(begin: Pick<AmqpComposite<'begin'>, 'nextOutgoingId' | 'incomingWindow'>, incomingMax: number) {
    this.#incomingMax = incomingMax;
    this.#incoming = incomingMax;
    this.#nextIncomingId = begin.nextOutgoingId;
    this.#remoteIncoming = begin.incomingWindow;
    this.#firstOutgoingId = 0;
    this.#nextOutgoingId = this.#firstOutgoingId;
  }

  /** Frames that may be sent now. */
  get sendable(): number {
    return this.#remoteIncoming;
  }

  get nextOutgoingId(): number {
    return this.#nextOutgoingId;
  }

  /** A transfer frame was sent. */
  sent(): void {
    this.#remoteIncoming--;
    this.#nextOutgoingId = serialAdd(this.#nextOutgoingId, 1);
  }

  /** A transfer frame came; false: it was not allowed to. */
  received(): boolean {
    if (this.#incoming === 0) return false;
    this.#incoming--;
    this.#nextIncomingId = serialAdd(this.#nextIncomingId, 1);
    return true;
  }

  /** The client is to be told of its window, which is half used up. */
  get isRenewalDue(): boolean {
    return this.#incoming <= this.#incomingMax >>> 1;
  }

  /** What the client says. False: it has seen frames that were never sent. */
  onFlow({ nextIncomingId, incomingWindow }: SessionFlow): boolean {
    // Without an id it has not seen our `begin` yet (AMQP 2.5.6).
    const seen = nextIncomingId ?? this.#firstOutgoingId;
    const unseen = serialDistance(seen, this.#nextOutgoingId);
    if (unseen < 0) return false;
    this.#remoteIncoming = Math.max(0, incomingWindow - unseen);
    return true;
  }

  /** What the client is told, which renews its window. */
  renew(): SessionFlow & { readonly nextIncomingId: number } {
    this.#incoming = this.#incomingMax;
    return {
      ...{ nextIncomingId: this.#nextIncomingId, incomingWindow: this.#incomingMax },
      ...{ nextOutgoingId: this.#nextOutgoingId, outgoingWindow },
    };
  }
}
