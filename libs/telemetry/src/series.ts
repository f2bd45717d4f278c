export type MetricLabels = Readonly<Record<string, string>>;

/** What is over a bound is counted together under this label value. */
const overflow = 'other';

/**
 * One object of counts per protocol and one more label, such as the tenant. Asked for per request, so a known one is
 * found without building a key.
 */
export class Series<C> {
  readonly #byProtocol = new Map<string, Map<string, C>>();
  #size = 0;

  /** @param seriesMax of all protocols together */
  constructor(
    private readonly label: string,
    private readonly seriesMax: number,
    private readonly make: () => C,
  ) {}

  of(protocol: string, value: string): C {
    return this.#byProtocol.get(protocol)?.get(value) ?? this.#add(protocol, value);
  }

  *[Symbol.iterator](): Iterator<{ readonly labels: MetricLabels; readonly counts: C }> {
    for (const [protocol, ofProtocol] of this.#byProtocol) {
      for (const [value, counts] of ofProtocol) yield { labels: { protocol, [this.label]: value }, counts };
    }
  }

  #add(protocol: string, value: string): C {
    let ofProtocol = this.#byProtocol.get(protocol);
    if (ofProtocol === undefined) this.#byProtocol.set(protocol, (ofProtocol = new Map()));
    const name = this.#size < this.seriesMax ? value : overflow;
    let counts = ofProtocol.get(name);
    if (counts === undefined) {
      ofProtocol.set(name, (counts = this.make()));
      this.#size++;
    }
    return counts;
  }
}
