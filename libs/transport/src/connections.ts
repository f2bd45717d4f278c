/** What an admission was refused for. */
export type Refusal = 'listener' | 'gateway' | 'address';

/**
 * The live connections of one listener, those in their TLS handshake included, and their number per address. Who the client
 * is shows only after the PROXY header where there is one, so its place and its share are two steps.
 */
export class Connections<C> implements Iterable<C> {
  readonly #live = new Set<C>();
  readonly #perNetwork = new Map<string, number>();
  #admitted = 0;

  constructor(
    readonly connectionsMax: number,
    readonly connectionsPerAddressMax: number,
  ) {}

  /** Reserves a place; false when there is none. Each place is given back once. */
  admit(): boolean {
    if (this.#admitted >= this.connectionsMax) return false;
    this.#admitted++;
    return true;
  }

  giveBack(): void {
    this.#admitted--;
  }

  /** Counts one more of an address; false when it has its share. Each is taken back once. */
  admitFrom(network: string): boolean {
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (ofNetwork >= this.connectionsPerAddressMax) return false;
    this.#perNetwork.set(network, ofNetwork + 1);
    return true;
  }

  giveBackFrom(network: string): void {
    const left = (this.#perNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }

  add(connection: C): void {
    this.#live.add(connection);
  }

  delete(connection: C): void {
    this.#live.delete(connection);
  }

  /** Connections that speak their protocol (not those in a TLS handshake). */
  get size(): number {
    return this.#live.size;
  }

  [Symbol.iterator](): Iterator<C> {
    return this.#live.values();
  }
}
