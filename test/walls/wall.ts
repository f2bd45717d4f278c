// The tenant walls as a table: each row uses one operation of a protocol from both sides of a wall, with equal names, and
// expects that neither side sees or changes what is the other's. `docs/tenant-walls.md` is written from the same rows.

/** What stands on both sides of a wall. */
export type WallBetween = 'tenants' | 'vhosts';

export interface Wall<Side> {
  /** As the protocol calls it: an API, a packet, a performative, a method. */
  readonly operation: string;
  /** What both sides do, or one does to the other. */
  readonly tries: string;
  /** Default: every wall that the protocol has. */
  readonly between?: readonly WallBetween[];
  /**
   * @param name the same on both sides, and of this row alone
   * @throws what jest's `expect` does, where something crossed
   */
  run(one: Side, other: Side, name: string): Promise<void>;
}

/** Operations that name nothing which another could have, each with the reason. */
export type Nameless = Readonly<Record<string, string>>;

/** All that one protocol does. */
export interface WallTable<Side> {
  readonly protocol: string;
  readonly walls: readonly Wall<Side>[];
  readonly nameless: Nameless;
}

/** Each operation once, as often as it is tested. */
export function operationsOf({ walls, nameless }: WallTable<never>): string[] {
  return [...new Set([...walls.map(({ operation }) => operation), ...Object.keys(nameless)])].sort();
}
