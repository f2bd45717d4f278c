import { Buffer } from 'node:buffer';
import type { ClusterView, Member } from '#libs/cluster';
import type { EntryPosition, PulsarAdmin } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Link, ProtocolConnection } from '#libs/transport';
import { queueSubscription } from '../queues/queues.js';
import { type DispatchedBefore, dispatchedBefore } from './dispatched-before.js';
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
  /** The broker knows the consumer, and nothing was asked of it yet. Resolves when the other gateways were asked; never rejects. */
  attached(): Promise<void>;
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
  /** Consumers of it in this process that the broker knows: they hear when it lets them go. */
  attached: number;
  dispatched: Promise<DispatchedBefore> | undefined;
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
const askAgainMs = 500;
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
  /** Instances that are asked again. */
  private readonly unanswered = new Set<string>();
  /** As they were when they changed last. */
  private members: readonly Member[];
  private readonly tellAll = () => this.tell();

  constructor(private readonly parts: GivenMarksParts) {
    const { cluster } = parts;
    this.forget = cluster.onChange(() => this.membersChanged());
    cluster.splicing.serve(givenKind, (link, _header, from) => this.accept(link, from));
    cluster.forwarding.serve(givenKind, async (payload, { nodeId }) => {
      const topics = JSON.parse(payload.toString()) as string[];
      return Buffer.from(JSON.stringify(await this.answers(topics, nodeId)));
    });
    this.members = cluster.members();
  }

  /**
   * To be called before the consumer is attached: a broker goes back to where the subscription begins with its first one.
   * Never rejects.
   *
   * @param isOwn the queue is of one connection of this gateway: nobody else has been given anything
   */
  async use(topic: string, isOwn: boolean): Promise<GivenUse> {
    const known = this.known(topic);
    if (known.users++ === 0) known.dispatched = isOwn ? undefined : this.askBroker(known);
    await known.dispatched;
    let isAttached = false;
    let isLeft = false;
    return {
      attached: async () => {
        if (isLeft || isAttached) return;
        isAttached = true;
        if (known.attached++ === 0) {
          known.mark.allMayComeAgain();
          known.asking = isOwn ? undefined : this.askOthers(known);
        }
        await known.asking;
      },
      mayHaveBeenGiven: (position, publishedAtMs) => known.mark.mayHaveBeenGiven(position, publishedAtMs),
      given: (position) => this.given(known, position),
      brokerLost: () => known.mark.brokerLost(),
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        known.users--;
        if (isAttached) known.attached--;
        this.forgetOldest();
      },
    };
  }

  close(): void {
    this.forget();
    this.members = [];
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
    const known = {
      ...{ topic, mark, own: mark.own, readers, users: 0, attached: 0, isPastKnown: false },
      ...{ dispatched: undefined, asking: undefined },
    };
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
    if (this.untold.size === 0) {
      process.nextTick(this.tellAll);
      for (const stream of this.streams.values()) stream.comeFirst();
    }
    this.untold.add(known);
  }

  private tell(): void {
    const topics = [...this.untold];
    this.untold.clear();
    for (const stream of this.streams.values()) {
      stream.tell(topics.filter(({ readers }) => readers.has(stream)));
    }
  }

  private get others(): readonly Member[] {
    const { cluster } = this.parts;
    return cluster.members().filter(({ nodeId }) => nodeId !== cluster.self.nodeId);
  }

  private async askBroker({ topic, mark, isPastKnown }: Known): Promise<DispatchedBefore> {
    const { admin, log } = this.parts;
    const nothing = { ledgerId: -1, entryId: -1, unknownBeforeMs: 0 };
    // Who is alone knows what it has given itself.
    if (isPastKnown && this.others.length === 0) return nothing;
    try {
      const { cursors } = await admin.internalStats(topic);
      const dispatched = dispatchedBefore(cursors[queueSubscription]);
      mark.happened(dispatched.ledgerId, dispatched.entryId);
      return dispatched;
    } catch (error) {
      log.debug(
        { event: 'amqp091-given-unknown', topic, error },
        'the broker does not say what it has given',
      );
      return { ...nothing, unknownBeforeMs: Date.now() };
    }
  }

  private async askOthers(known: Known): Promise<void> {
    const { mark } = known;
    const asked = this.others.map(async (member) => {
      const [answer = unknown] = await this.askOther(member, [known]);
      mark.happened(answer.ledgerId, answer.entryId);
      return answer.isKnown;
    });
    const isTold = (await Promise.all(asked)).includes(true);
    const dispatched = await known.dispatched;
    if (!known.isPastKnown && !isTold) mark.unknownBeforeMs = dispatched?.unknownBeforeMs ?? 0;
    known.isPastKnown = true;
  }

  /** In the order of what is asked; nothing where it does not answer. */
  private async askOther(member: Member, all: readonly Known[]): Promise<readonly Answer[]> {
    const { forwarding } = this.parts.cluster;
    try {
      const payload = Buffer.from(JSON.stringify(all.map(({ topic }) => topic)));
      const answer = await forwarding.request(member.nodeId, givenKind, payload, askMsMax);
      const answers = JSON.parse(answer.toString()) as Answer[];
      const used = all.filter((_, at) => answers[at]?.isUsed);
      if (used.length > 0) await this.addReader(used, member);
      return answers;
    } catch {
      this.askAgain(member);
      return [];
    }
  }

  /** Until it answers, or is gone: it has to be told what is given here. */
  private askAgain(member: Member): void {
    const { instance } = member;
    if (this.unanswered.has(instance)) return;
    this.unanswered.add(instance);
    setTimeout(() => {
      this.unanswered.delete(instance);
      if (this.members.some((each) => each.instance === instance)) void this.meet(member);
    }, askAgainMs).unref();
  }

  /** What it is not told in the answer is told as it happens. */
  private async answers(topics: readonly string[], from: number): Promise<Answer[]> {
    const used = topics.flatMap((topic) => this.byTopic.get(topic) ?? []).filter(({ users }) => users > 0);
    const member = this.parts.cluster.members().find(({ nodeId }) => nodeId === from);
    if (member !== undefined && used.length > 0) await this.addReader(used, member);
    return topics.map((topic) => {
      const known = this.byTopic.get(topic);
      if (known === undefined) return unknown;
      return { isKnown: known.isPastKnown, isUsed: known.users > 0, ...known.mark.reached };
    });
  }

  /** Who consumes it, too. */
  private async addReader(all: readonly Known[], member: Member): Promise<void> {
    const stream = this.streamTo(member);
    for (const { readers } of all) readers.add(stream);
    await stream.ready();
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
    const member = this.parts.cluster.members().find(({ nodeId }) => nodeId === from);
    const stream = member && this.streamTo(member);
    const gateway: HeardGateway = {
      from,
      decoder: new GivenNotesDecoder(),
      onFrame: (notes) => {
        for (const [topic, ledgerId, entryId] of notes) {
          const known = this.byTopic.get(topic);
          if (known === undefined) continue;
          known.mark.heard(gateway, ledgerId, entryId);
          // Whoever gives it wants to know what is given here, though it could not say so.
          if (known.users > 0 && stream !== undefined) known.readers.add(stream);
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
