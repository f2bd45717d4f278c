/** What an admission was refused for. */
export type Refusal = 'listener' | 'address';

/** The live connections of one listener, those in their TLS handshake included, and their number per address. */
export class Connections<C> implements Iterable<C> {
  readonly #live = new Set<C>();
  readonly #perNetwork = new Map<string, number>();
  #admitted = 0;

  constructor(
    readonly connectionsMax: number,
    readonly connectionsPerAddressMax: number,
  ) {}

  /** Reserves a place; undefined when there is one, else which limit is reached. Each place is given back once. */
  admit(network: string): Refusal | undefined {
    if (this.#admitted >= this.connectionsMax) return 'listener';
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (ofNetwork >= this.connectionsPerAddressMax) return 'address';
    this.#admitted++;
    this.#perNetwork.set(network, ofNetwork + 1);
    return undefined;
  }

  giveBack(network: string): void {
    this.#admitted--;
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
