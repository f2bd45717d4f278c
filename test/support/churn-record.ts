// What members of groups did, in order of time, and what is wrong with it.
import type { ChurnEvent } from './churn-process.js';

/** What an observer was told. Times are milliseconds since 1970: of the question and of the answer. */
export interface CommittedSample {
  readonly group: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** By partition; -1: none. */
  readonly offsets: readonly number[];
}

/** Time that does not count: somebody was dead. Milliseconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

export interface ChurnVerdict {
  /** In words, the first few of each kind; empty when every promise was kept. */
  readonly faults: string[];
  /** Records that the group processed, each as often as it was. */
  readonly processed: number;
  /** Of them, again. */
  readonly repeated: number;
  readonly commits: number;
  readonly refusedCommits: number;
  /** A member that had its partitions taken, until it had others: the longest, outages subtracted. */
  readonly rebalanceMsMax: number;
  readonly rebalances: number;
  /** A partition that nobody had: the longest, outages subtracted. */
  readonly unownedMsMax: number;
}

interface Commit {
  /** How many records of the partition are processed. */
  readonly place: number;
  readonly sentAt: number;
  /** Infinity: it is not known to be stored. */
  storedAt: number;
}

interface Life {
  /** Partition -> the next place; undefined until it read. */
  readonly positions: Map<number, number | undefined>;
  /** Partition -> when it was assigned. */
  readonly since: Map<number, number>;
  revokedAt: number | undefined;
  sent: { words: string; commits: Commit[] } | undefined;
}

const shownMax = 5;

/** One group's. Events of a process must come in its order. */
export class ChurnRecord {
  readonly #lives = new Map<string, Life>();
  readonly #commits: Commit[][];
  /** Offset that was committed -> its place, by partition. */
  readonly #places: Map<number, number>[];
  readonly #starts: { partition: number; place: number; assignedAt: number; readAt: number }[] = [];
  readonly #reads: [number, number][][];
  readonly #owners: Set<string>[];
  readonly #ownedFrom: { partition: number; owned: boolean; at: number }[] = [];
  readonly #rebalances: Outage[] = [];
  readonly #samples: CommittedSample[] = [];
  readonly #faults = new Map<string, string[]>();
  #processed = 0;
  #stored = 0;
  #refused = 0;

  constructor(readonly partitions: number) {
    this.#commits = Array.from({ length: partitions }, () => []);
    this.#places = Array.from({ length: partitions }, () => new Map());
    this.#reads = Array.from({ length: partitions }, () => []);
    this.#owners = Array.from({ length: partitions }, () => new Set());
  }

  /** What members have said to have, by partition. */
  get owners(): readonly ReadonlySet<string>[] {
    return this.#owners;
  }

  sample(sample: CommittedSample): void {
    this.#samples.push(sample);
  }

  add({ member, at, words: [what, ...rest] }: ChurnEvent): void {
    let life = this.#lives.get(member);
    if (life === undefined) {
      life = { positions: new Map(), since: new Map(), revokedAt: undefined, sent: undefined };
      this.#lives.set(member, life);
    }
    const numbers = rest.map(Number);
    if (what === 'read') this.#read(member, life, at, numbers as [number, number, number]);
    else if (what === 'assigned') this.#assigned(member, life, at, numbers);
    else if (what === 'revoked') this.#revoked(member, life, at, numbers);
    else if (what === 'committing') this.#committing(life, at, rest);
    else if (what === 'committed') this.#committed(member, life, at, rest);
    else if (what === 'uncommitted') this.#uncommitted(life);
    else if (what === 'crashed' || what === 'left') {
      this.#revoked(member, life, at, [...life.since.keys()]);
      life.revokedAt = undefined;
    } else if (what === 'wrong' || what === 'failed') this.#fault(what, `${member}: ${rest.join(' ')}`);
  }

  /** `ends`: records in each partition. */
  verdict(ends: readonly number[], outages: readonly Outage[], unownedMsMax: number): ChurnVerdict {
    const repeated = this.#checkCoverage(ends);
    for (const { partition, place, assignedAt, readAt } of this.#starts) {
      this.#within('start', partition, place, assignedAt, readAt);
    }
    this.#checkSamples();
    const lasted = ({ from, to }: Outage) =>
      to -
      from -
      outages.reduce((sum, o) => sum + Math.max(0, Math.min(to, o.to) - Math.max(from, o.from)), 0);
    const rebalances = this.#rebalances.map(lasted);
    const unowned = this.#unowned().map(({ partition, ...time }) => ({
      partition,
      ms: lasted(time),
      ...time,
    }));
    for (const { partition, ms, from } of unowned) {
      if (ms > unownedMsMax) {
        this.#fault('nobody', `had partition ${partition} for ${ms} ms from ${new Date(from).toISOString()}`);
      }
    }
    const faults = [...this.#faults].flatMap(([kind, texts]) => [
      ...texts.slice(0, shownMax).map((text) => `${kind}: ${text}`),
      ...(texts.length > shownMax ? [`${kind}: ${texts.length} in all`] : []),
    ]);
    return {
      faults,
      processed: this.#processed,
      repeated,
      commits: this.#stored,
      refusedCommits: this.#refused,
      rebalances: rebalances.length,
      rebalanceMsMax: Math.max(0, ...rebalances),
      unownedMsMax: Math.max(0, ...unowned.map(({ ms }) => ms)),
    };
  }

  #fault(kind: string, text: string): void {
    const texts = this.#faults.get(kind);
    if (texts === undefined) this.#faults.set(kind, [text]);
    else texts.push(text);
  }

  #read(member: string, life: Life, at: number, [partition, first, last]: [number, number, number]): void {
    const since = life.since.get(partition);
    const position = life.positions.get(partition);
    this.#reads[partition]!.push([first, last]);
    this.#processed += last - first + 1;
    // kafkajs processes what it had fetched before it heard of the rebalance.
    if (since === undefined) return;
    // A member that could not commit may begin again at what is committed; forward it must not skip.
    if (position === undefined || first < position) {
      this.#starts.push({ partition, place: first, assignedAt: since, readAt: at });
    } else if (position !== first) {
      this.#fault('jump', `${member} was at ${position} of partition ${partition} and read ${first}`);
    }
    life.positions.set(partition, last + 1);
  }

  #assigned(member: string, life: Life, at: number, partitions: readonly number[]): void {
    if (life.revokedAt !== undefined) this.#rebalances.push({ from: life.revokedAt, to: at });
    life.revokedAt = undefined;
    for (const partition of partitions) {
      life.since.set(partition, at);
      life.positions.set(partition, undefined);
      const owners = this.#owners[partition]!;
      if (owners.size === 0) this.#ownedFrom.push({ partition, owned: true, at });
      owners.add(member);
    }
  }

  #revoked(member: string, life: Life, at: number, partitions: readonly number[]): void {
    for (const partition of partitions) {
      life.since.delete(partition);
      life.positions.delete(partition);
      const owners = this.#owners[partition]!;
      if (owners.delete(member) && owners.size === 0) this.#ownedFrom.push({ partition, owned: false, at });
    }
    if (life.since.size === 0 && partitions.length > 0) life.revokedAt = at;
  }

  #committing(life: Life, at: number, words: readonly string[]): void {
    const commits = words.map((word) => {
      const [partition, offset, place] = word.split(/[=:]/).map(Number) as [number, number, number];
      const commit = { place, sentAt: at, storedAt: Number.POSITIVE_INFINITY };
      this.#places[partition]!.set(offset, place);
      this.#commits[partition]!.push(commit);
      return commit;
    });
    life.sent = { words: words.join(' '), commits };
  }

  #committed(member: string, { sent }: Life, at: number, words: readonly string[]): void {
    if (sent?.words !== words.join(' ')) throw new Error(`${member} says what it did not ask for`);
    for (const commit of sent.commits) commit.storedAt = at;
    this.#stored += sent.commits.length;
  }

  /** kafkajs goes back to what is committed, Java goes on. */
  #uncommitted({ positions }: Life): void {
    this.#refused++;
    for (const partition of positions.keys()) positions.set(partition, undefined);
  }

  /** A place that was read must be at least what was stored before the question, at most what was sent before the answer. */
  #within(kind: string, partition: number, place: number, askedAt: number, answeredAt: number): void {
    let least = 0;
    let most = 0;
    for (const commit of this.#commits[partition]!) {
      if (commit.storedAt < askedAt) least = Math.max(least, commit.place);
      if (commit.sentAt <= answeredAt) most = Math.max(most, commit.place);
    }
    if (place >= least && place <= most) return;
    const time = new Date(askedAt).toISOString();
    const what = place < least ? 'went back' : 'skips';
    this.#fault(what, `${kind} at ${place} of partition ${partition}, not ${least}..${most}, ${time}`);
  }

  #checkSamples(): void {
    let last: CommittedSample | undefined;
    for (const sample of this.#samples) {
      for (const [partition, offset] of sample.offsets.entries()) {
        const place = offset < 0 ? 0 : this.#places[partition]!.get(offset);
        if (place === undefined)
          this.#fault('foreign', `${offset} of partition ${partition} is nobody's commit`);
        else this.#within('observer', partition, place, sample.askedAt, sample.answeredAt);
        const before = last?.offsets[partition] ?? -1;
        if (offset < before) this.#fault('went back', `partition ${partition} from ${before} to ${offset}`);
      }
      last = sample;
    }
  }

  /** Gives how many were processed more than once, counted as often as too many. */
  #checkCoverage(ends: readonly number[]): number {
    let repeated = 0;
    for (const [partition, reads] of this.#reads.entries()) {
      let next = 0;
      for (const [first, last] of reads.toSorted(([a], [b]) => a - b)) {
        if (first > next) this.#fault('lost', `${next} to ${first - 1} of partition ${partition}`);
        repeated += Math.max(0, Math.min(next - 1, last) - first + 1);
        next = Math.max(next, last + 1);
      }
      const end = ends[partition]!;
      if (next < end) this.#fault('lost', `${next} to ${end - 1} of partition ${partition}`);
      if (next > end) this.#fault('foreign', `${end} to ${next - 1} of partition ${partition}`);
    }
    return repeated;
  }

  #unowned(): ({ partition: number } & Outage)[] {
    const free = new Map<number, number>();
    const found: ({ partition: number } & Outage)[] = [];
    for (const { partition, owned, at } of this.#ownedFrom.toSorted((a, b) => a.at - b.at)) {
      const from = free.get(partition);
      if (!owned) free.set(partition, at);
      else if (from !== undefined) found.push({ partition, from, to: at });
    }
    return found;
  }
}
