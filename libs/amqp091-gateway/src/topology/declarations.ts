interface Declared {
  readonly name: string;
  readonly uid: string;
}

/**
 * What was declared of one kind, by name. Gateways that declare one name at once each write a declaration: the one that is
 * first in the log is in force, the others wait, until their writers, who hear that they were late, take them back.
 */
export class Declarations<T extends Declared> {
  readonly #byName = new Map<string, T[]>();

  /** Of names. */
  get size(): number {
    return this.#byName.size;
  }

  inForce(name: string): T | undefined {
    return this.#byName.get(name)?.[0];
  }

  /** In force or not. */
  ofName(name: string): readonly T[] {
    return this.#byName.get(name) ?? [];
  }

  /** In the log's order. Whether it is in force. */
  add(declared: T): boolean {
    const same = this.#byName.get(declared.name);
    if (same === undefined) this.#byName.set(declared.name, [declared]);
    else same.push(declared);
    return same === undefined;
  }

  /** Whether it was in force: another may be now. */
  remove({ name, uid }: Declared): boolean {
    const same = this.#byName.get(name) ?? [];
    const at = same.findIndex((each) => each.uid === uid);
    if (at === -1) return false;
    same.splice(at, 1);
    if (same.length === 0) this.#byName.delete(name);
    return at === 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const [first] of this.#byName.values()) yield first!;
  }

  /** Those that came too late. */
  *late(): Iterable<T> {
    for (const same of this.#byName.values()) yield* same.slice(1);
  }
}
