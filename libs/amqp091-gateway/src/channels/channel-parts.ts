import type {
  ChannelMethodName,
  ChannelPart,
  ChannelPartKind,
  PartChannel,
  ServerCapability,
} from './channel-part.js';

/** Who serves which methods; what nobody serves is refused with 540. */
export class ChannelParts {
  /** In the order in which they were given: the number of a kind is its place in `OpenedParts`. */
  private readonly kindOf = new Map<string, number>();

  /** @throws Error where two serve one method */
  constructor(private readonly kinds: readonly ChannelPartKind[]) {
    kinds.forEach(({ methods }, number) => {
      for (const method of methods) {
        if (this.kindOf.has(method)) throw new Error(`${method} is served twice`);
        this.kindOf.set(method, number);
      }
    });
  }

  /** Computed from what is served. */
  get capabilities(): readonly ServerCapability[] {
    return this.kinds.flatMap(({ capabilities = [] }) => capabilities);
  }

  serves(method: ChannelMethodName): boolean {
    return this.kindOf.has(method);
  }

  of(channel: PartChannel): OpenedParts {
    return new OpenedParts(channel, this.kinds, this.kindOf);
  }
}

/** The parts of one channel, each made when it is needed first. */
export class OpenedParts {
  private readonly opened: (ChannelPart | undefined)[] = [];

  constructor(
    private readonly channel: PartChannel,
    private readonly kinds: readonly ChannelPartKind[],
    private readonly kindOf: ReadonlyMap<string, number>,
  ) {}

  /** Undefined: nobody serves it. */
  serving(method: string): ChannelPart | undefined {
    const number = this.kindOf.get(method);
    if (number === undefined) return undefined;
    return (this.opened[number] ??= this.kinds[number]!.open(this.channel));
  }

  /** What others than this part have to do before it serves the next method; undefined: nothing. */
  unfinishedBeside(own: ChannelPart | undefined): Promise<void> | undefined {
    for (const part of this.opened)
      if (part !== own && part?.unfinished !== undefined) return part.unfinished;
    return undefined;
  }

  onWritable(): void {
    for (const part of this.opened) part?.onWritable?.();
  }

  async drain(): Promise<void> {
    await Promise.all(this.opened.map((part) => part?.drain?.()));
  }

  close(): void {
    for (const part of this.opened.splice(0)) part?.close();
  }
}
