/** A link whose name another attach may take. */
export interface NamedLink {
  /** Another link has its name: it is detached (`amqp:link:stolen`). Resolves when its source or target is closed. */
  stolen(): Promise<void>;
}

/** Links by their names, of which there is one each: who comes takes the name from who has it (AMQP 2.6.1). */
export class LinkNames {
  readonly #links = new Map<string, NamedLink>();

  /** A promise where another link had the name: until then what it held may not be free. */
  claim(name: string, link: NamedLink): Promise<void> | undefined {
    const former = this.#links.get(name);
    this.#links.set(name, link);
    return former?.stolen();
  }

  release(name: string, link: NamedLink): void {
    if (this.#links.get(name) === link) this.#links.delete(name);
  }
}
