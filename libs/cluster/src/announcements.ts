import { type AnnouncementRecord, announcementCharsMax } from './member-record.js';

type AnnouncementListener = (payload: string, from: number) => void;

/** Announcements that wait until the log is open; later ones are not told. */
const waitingMax = 1_000;

/** Who wants to hear what, and what is to be said as soon as that is possible. */
export class Announcements {
  readonly #listeners = new Map<string, Set<AnnouncementListener>>();
  #waiting: AnnouncementRecord[] = [];

  on(name: string, listener: AnnouncementListener): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  deliver({ name, payload, nodeId }: AnnouncementRecord): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(payload, nodeId);
  }

  /** @throws RangeError when it is too long for a record */
  record(instance: string, nodeId: number, name: string, payload: string): AnnouncementRecord {
    if (payload.length > announcementCharsMax) throw new RangeError('an announcement that is too long');
    return { kind: 'announcement', instance, nodeId, name, payload };
  }

  wait(record: AnnouncementRecord): void {
    if (this.#waiting.length < waitingMax) this.#waiting.push(record);
  }

  takeWaiting(): AnnouncementRecord[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
