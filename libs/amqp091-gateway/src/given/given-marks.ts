import { Buffer } from 'node:buffer';
import type { ClusterView, Member } from '#libs/cluster';
import type { EntryPosition, PulsarAdmin } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Link, ProtocolConnection } from '#libs/transport';
import { queueSubscription } from '../queues/queues.js';
import { dispatchedBefore } from './dispatched-before.js';
import { GivenMark } from './given-mark.js';
import { type GivenNote, GivenNotesDecoder } from './given-notes.js';
import { givenKind, GivenStream } from './given-stream.js';

export interface GivenMarksParts {
  readonly admin: Pick<PulsarAdmin, 'internalStats'>;
  readonly cluster: Pick<ClusterView, 'self' | 'members' | 'onChange' | 'forwarding' | 'splicing'>;
  readonly log: Log;
}

/** What a consumer says and asks of its partition. */
export interface GivenUse {
  /** Whether a client may have had it, of which Pulsar knows nothing. */
  mayHaveBeenGiven(position: EntryPosition, publishedAtMs: number): boolean;
  /** A client is about to have it. */
  given(position: EntryPosition): void;
  /** The broker let its consumers go. */
  brokerLost(): void;
  leave(): void;
}

interface Known {
  readonly topic: string;
  readonly mark: GivenMark;
  readonly own: EntryPosition;
  users: number;
  /** What was given before this gateway came to it was asked for. */
  isPastKnown: boolean;
  asking: Promise<void> | undefined;
  /** Who consumes it, too. */
  readonly readers: Set<GivenStream>;
}

/** What another gateway knows of a partition. */
interface Answer {
  readonly isKnown: boolean;
  readonly isUsed: boolean;
  readonly ledgerId: number;
  readonly entryId: number;
}

const askMsMax = 1_000;
/** Partitions that one question is about. */
const askedMax = 500;
/** Partitions without consumers here of which is remembered what was given. */
const rememberedMax = 10_000;
const unknown: Answer = { isKnown: false, isUsed: false, ledgerId: -1, entryId: -1 };

/**
 * What Pulsar does not know of deliveries: it counts what a consumer gives back, but not what one leaves that is cut off, as
 * a gateway that is killed is; and it forgets its counts with the subscription's last consumer, and with the broker. So
 * gateways that consume a queue tell each other how far they have given it, as they give it (`GivenStream`). A gateway that
 * comes to a queue asks the others, and the broker how far it has read.
 */
export class GivenMarks {
  private readonly byTopic = new Map<string, Known>();
  private readonly streams = new Map<string, GivenStream>();
  private readonly heard = new Set<HeardGateway>();
  /** Given of since they were told last. */
  private readonly untold = new Set<Known>();
  private readonly forget: () => void;
  /** As they were when they changed last. */
  private members: readonly Member[];
  private readonly tellAll = () => this.tell();

  constructor(private readonly parts: GivenMarksParts) {
    const { cluster } = parts;
    this.forget = cluster.onChange(() => this.membersChanged());
    cluster.splicing.serve(givenKind, (link, _header, from) => this.accept(link, from));
    cluster.forwarding.serve(givenKind, async (payload, { nodeId }) =>
      Buffer.from(JSON.stringify(this.answers(JSON.parse(payload.toString()) as string[], nodeId))),
    );
    this.members = cluster.members();
  }

  /**
   * Resolves when it is known what was given before; never rejects. To be called before the consumer is attached.
   *
   * @param isOwn the queue is of one connection of this gateway: nobody else has been given anything
   */
  async use(topic: string, isOwn: boolean): Promise<GivenUse> {
    const known = this.known(topic);
    known.users++;
    if (known.users === 1) known.mark.allMayComeAgain();
    if (!isOwn) {
      if (known.users === 1) known.asking = this.ask(known);
      await known.asking;
    }
    let isLeft = false;
    return {
      mayHaveBeenGiven: (position, publishedAtMs) => known.mark.mayHaveBeenGiven(position, publishedAtMs),
      given: (position) => this.given(known, position),
      brokerLost: () => known.mark.brokerLost(),
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        known.users--;
        this.forgetOldest();
      },
    };
  }

  close(): void {
    this.forget();
    for (const stream of this.streams.values()) stream.close();
    this.streams.clear();
  }

  private known(topic: string): Known {
    const found = this.byTopic.get(topic);
    // The one that was used last is forgotten last.
    if (found !== undefined) {
      this.byTopic.delete(topic);
      this.byTopic.set(topic, found);
      return found;
    }
    const mark = new GivenMark();
    const readers = new Set<GivenStream>();
    const known = { topic, mark, own: mark.own, users: 0, isPastKnown: false, asking: undefined, readers };
    this.byTopic.set(topic, known);
    return known;
  }

  private forgetOldest(): void {
    if (this.byTopic.size <= rememberedMax) return;
    for (const [topic, { users }] of this.byTopic) {
      if (users > 0) continue;
      this.byTopic.delete(topic);
      return;
    }
  }

  private given(known: Known, position: EntryPosition): void {
    known.mark.given(position);
    if (known.readers.size === 0) return;
    if (this.untold.size === 0) process.nextTick(this.tellAll);
    this.untold.add(known);
  }

  private tell(): void {
    const topics = [...this.untold];
    this.untold.clear();
    for (const stream of this.streams.values()) {
      stream.tell(topics.filter(({ readers }) => readers.has(stream)));
    }
  }

  private async ask(known: Known): Promise<void> {
    const { topic, mark } = known;
    const { cluster, admin, log } = this.parts;
    const others = cluster.members().filter(({ nodeId }) => nodeId !== cluster.self.nodeId);
    if (known.isPastKnown && others.length === 0) return;
    const asked = others.map(async (member) => {
      const [answer = unknown] = await this.askOther(member, [known]);
      mark.happened(answer.ledgerId, answer.entryId);
      return answer.isKnown;
    });
    const stats = admin.internalStats(topic).then(
      (each) => dispatchedBefore(each.cursors[queueSubscription]),
      (error: unknown) => {
        log.debug(
          { event: 'amqp091-given-unknown', topic, error },
          'the broker does not say what it has given',
        );
        return { ledgerId: -1, entryId: -1, unknownBeforeMs: Date.now() };
      },
    );
    const [isTold, { ledgerId, entryId, unknownBeforeMs }] = await Promise.all([Promise.all(asked), stats]);
    mark.happened(ledgerId, entryId);
    if (!known.isPastKnown && !isTold.includes(true)) mark.unknownBeforeMs = unknownBeforeMs;
    known.isPastKnown = true;
    known.asking = undefined;
  }

  /** In the order of what is asked; nothing where it does not answer. */
  private async askOther(member: Member, all: readonly Known[]): Promise<readonly Answer[]> {
    const { forwarding } = this.parts.cluster;
    try {
      const payload = Buffer.from(JSON.stringify(all.map(({ topic }) => topic)));
      const answer = await forwarding.request(member.nodeId, givenKind, payload, askMsMax);
      const answers = JSON.parse(answer.toString()) as Answer[];
      for (const [at, { isUsed }] of answers.entries()) {
        if (isUsed) all[at]?.readers.add(this.streamTo(member));
      }
      return answers;
    } catch {
      return [];
    }
  }

  private answers(topics: readonly string[], from: number): Answer[] {
    return topics.map((topic) => {
      const known = this.byTopic.get(topic);
      if (known === undefined) return unknown;
      this.addReader(known, from);
      return { isKnown: known.isPastKnown, isUsed: known.users > 0, ...known.mark.reached };
    });
  }

  private addReader(known: Known, nodeId: number): void {
    if (known.users === 0) return;
    const member = this.parts.cluster.members().find((each) => each.nodeId === nodeId);
    if (member !== undefined) known.readers.add(this.streamTo(member));
  }

  private streamTo(member: Member): GivenStream {
    let stream = this.streams.get(member.instance);
    if (stream === undefined) {
      stream = new GivenStream(this.parts.cluster.splicing, member);
      this.streams.set(member.instance, stream);
    }
    return stream;
  }

  private accept(link: Link, from: number): ProtocolConnection<readonly GivenNote[]> {
    const gateway: HeardGateway = {
      from,
      decoder: new GivenNotesDecoder(),
      onFrame: (notes) => {
        for (const [topic, ledgerId, entryId] of notes) {
          const known = this.byTopic.get(topic);
          if (known === undefined) continue;
          known.mark.heard(gateway, ledgerId, entryId);
          this.addReader(known, from);
        }
      },
      onWritable: () => {},
      onClose: () => this.lost(gateway),
      drained: () => Promise.resolve(),
    };
    this.heard.add(gateway);
    link.log.debug('given.heard', 'another gateway tells what it gives');
    return gateway;
  }

  /** What it has not acknowledged may be here before it is known that it is gone, but hardly ever is. */
  private lost(gateway: HeardGateway): void {
    if (!this.heard.delete(gateway)) return;
    for (const { mark } of this.byTopic.values()) mark.lost(gateway);
  }

  private membersChanged(): void {
    const members = this.parts.cluster.members();
    const before = this.members;
    this.members = members;
    for (const member of members) {
      if (!before.some(({ instance }) => instance === member.instance)) void this.meet(member);
    }
    for (const gateway of this.heard) {
      if (!members.some(({ nodeId }) => nodeId === gateway.from)) this.lost(gateway);
    }
    for (const [instance, stream] of this.streams) {
      if (members.some((each) => each.instance === instance)) continue;
      this.streams.delete(instance);
      stream.close();
      for (const { readers } of this.byTopic.values()) readers.delete(stream);
    }
  }

  /** A gateway has come that nobody knew when it, or this one, began to consume. */
  private async meet(member: Member): Promise<void> {
    if (member.nodeId === this.parts.cluster.self.nodeId) return;
    const used = [...this.byTopic.values()].filter(({ users }) => users > 0);
    for (let start = 0; start < used.length; start += askedMax) {
      await this.askOther(member, used.slice(start, start + askedMax));
    }
  }
}

interface HeardGateway extends ProtocolConnection<readonly GivenNote[]> {
  readonly from: number;
}
