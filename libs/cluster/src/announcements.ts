import { type AnnouncementRecord, announcementCharsMax } from './member-record.js';

type AnnouncementListener = (payload: string, from: number) => void;

/** Announcements that wait for the log, or for those before them; later ones are not told. */
const waitingMax = 10_000;
/** So many are without a receipt: signs of life take the same way, and must find room. */
const inFlightMax = 32;

type Send = (record: AnnouncementRecord, done: (error: unknown) => void) => void;

/** Who wants to hear what, and what is to be said as soon as that is possible. */
export class Announcements {
  readonly #listeners = new Map<string, Set<AnnouncementListener>>();
  readonly #waiting: AnnouncementRecord[] = [];
  #inFlight = 0;

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

  /** Says what waits, some at a time. What could not be stored is said again with the next call. */
  flush(send: Send): void {
    let failed = false;
    while (!failed && this.#inFlight < inFlightMax) {
      const record = this.#waiting.shift();
      if (record === undefined) return;
      this.#inFlight++;
      send(record, (error) => {
        this.#inFlight--;
        if (error === undefined) {
          this.flush(send);
          return;
        }
        failed = true;
        this.#waiting.unshift(record);
      });
    }
  }
}
