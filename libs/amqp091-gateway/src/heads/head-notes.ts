import type { PublishedDone } from '#libs/pulsar';
import type { KeeperRequests } from '../keepers/keeper-requests.js';
import type { QueueAnswers } from '../keepers/queue-answers.js';
import { keeperOf, placeKey, placeOf, type QueuePlace } from '../keepers/queue-place.js';
import type { TopologyAt } from '../keepers/topology-at.js';
import type { StoredWatch } from '../publishing/queue-publishers.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { QueueHeads } from './queue-heads.js';

interface Noted {
  readonly topology: VhostTopology;
  /** The first of what was stored ends then, in milliseconds since 1970; Infinity: nothing does. */
  endsAtMs: number;
}

/** What a keeper is told of one queue. */
interface Note {
  readonly place: QueuePlace;
  /** Milliseconds from now; absent: never. */
  readonly endsInMs?: number;
}

const kind = 'amqp091.queue-stored';
/** What is stored in so long is told in one request. */
const mergedMs = 200;
/** Of more queues at once nothing is said: their keepers look now and then anyway. */
const notedMax = 10_000;
const notesMax = 1_000;
const timeoutMs = 2_000;

/** Tells the keepers of queues what is stored in them, so that they look at their heads when there is something to do. */
export class HeadNotes implements StoredWatch {
  private readonly noted = new Map<Queue, Noted>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly heads: QueueHeads,
    private readonly answers: Pick<QueueAnswers, 'noteExpiring'>,
    private readonly requests: KeeperRequests,
    topologyOf: TopologyAt,
  ) {
    requests.serve(kind, async ({ notes }: { readonly notes: readonly Note[] }) => {
      for (const { place, endsInMs } of notes.slice(0, notesMax)) {
        const topology = await topologyOf(place);
        const queue = topology?.findQueue(place.name);
        if (queue?.uid === place.uid) this.heads.of(queue)?.stored(endsInMs);
      }
      return {};
    });
  }

  storing(
    topology: VhostTopology,
    queue: Queue,
    { bytes, endsInMs, isExpiring }: { bytes: number; endsInMs: number | undefined; isExpiring: boolean },
    done: PublishedDone<Error>,
  ): PublishedDone<Error> {
    if (isExpiring) this.answers.noteExpiring(topology, queue);
    const head = this.heads.of(queue);
    if (head === undefined) {
      return (error) => {
        if (error === undefined) this.tell(topology, queue, endsInMs);
        done(error);
      };
    }
    head.storing(bytes);
    return (error) => {
      head.settled(bytes, error === undefined, endsInMs);
      done(error);
    };
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private tell(topology: VhostTopology, queue: Queue, endsInMs = Infinity): void {
    const endsAtMs = Date.now() + endsInMs;
    const known = this.noted.get(queue);
    if (known !== undefined) known.endsAtMs = Math.min(known.endsAtMs, endsAtMs);
    else if (this.noted.size < notedMax) this.noted.set(queue, { topology, endsAtMs });
    this.timer ??= setTimeout(() => this.flush(), mergedMs).unref();
  }

  private flush(): void {
    this.timer = undefined;
    const byKeeper = new Map<number, Note[]>();
    const { cluster } = this.requests;
    const nowMs = Date.now();
    for (const [queue, { topology, endsAtMs }] of this.noted) {
      const place = placeOf(topology.scope, queue);
      const { nodeId } = keeperOf(cluster, placeKey(place));
      const note = endsAtMs === Infinity ? { place } : { place, endsInMs: Math.max(0, endsAtMs - nowMs) };
      const notes = byKeeper.get(nodeId);
      if (notes === undefined) byKeeper.set(nodeId, [note]);
      else notes.push(note);
    }
    this.noted.clear();
    for (const [nodeId, notes] of byKeeper) {
      for (let from = 0; from < notes.length; from += notesMax) {
        const asked = { notes: notes.slice(from, from + notesMax) };
        // Who keeps it next looks when it begins.
        this.requests.ask(nodeId, kind, asked, timeoutMs).catch(() => {});
      }
    }
  }
}
