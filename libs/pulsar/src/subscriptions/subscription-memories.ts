import { SubscriptionMemory } from './subscription-memory.js';

/** What a link has of a subscription of a partition in common with those before and beside it. */
export interface SubscriptionUse {
  readonly memory: SubscriptionMemory;
  /** Resolves when all that are leaving the subscription have left. */
  left(): Promise<void>;
  /**
   * Once: `leaving` resolves when this one has left. Resolves when all that were leaving before have left too.
   *
   * @param onLast called where nobody is left, before others may come; never rejects
   */
  leave(leaving: Promise<void>, onLast?: () => Promise<void>): Promise<void>;
}

interface Remembered {
  readonly memory: SubscriptionMemory;
  users: number;
  leaving: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** One memory for all who use a subscription of a partition, and for a while after the last. */
export class SubscriptionMemories {
  private readonly remembered = new Map<string, Remembered>();

  constructor(private readonly ackMemoryMs: number) {}

  use(partition: string, subscription: string): SubscriptionUse {
    const key = keyOf(partition, subscription);
    const found = this.remembered.get(key) ?? this.add(key);
    clearTimeout(found.timer);
    found.users++;
    return {
      memory: found.memory,
      left: async () => {
        await found.leaving;
      },
      leave: (leaving, onLast) => {
        const before = found.leaving;
        const all: Promise<void> = Promise.all([before, leaving]).then(async () => {
          // Who left later does what is to be done at the end.
          if (found.leaving === all && found.users === 0) await onLast?.();
          if (found.leaving !== all) return;
          found.leaving = undefined;
          if (found.users === 0) this.expire(key, found);
        });
        found.leaving = all;
        found.users--;
        return all;
      },
    };
  }

  /** Whether somebody in this process is, or is about to become, its consumer. */
  isUsed(partition: string, subscription: string): boolean {
    return (this.remembered.get(keyOf(partition, subscription))?.users ?? 0) > 0;
  }

  close(): void {
    for (const { timer } of this.remembered.values()) clearTimeout(timer);
    this.remembered.clear();
  }

  private add(key: string): Remembered {
    const memory = new SubscriptionMemory({ ackMemoryMs: this.ackMemoryMs, now: () => performance.now() });
    const added: Remembered = { memory, users: 0, leaving: undefined, timer: undefined };
    this.remembered.set(key, added);
    return added;
  }

  private expire(key: string, idle: Remembered): void {
    if (this.remembered.get(key) !== idle) return;
    if (idle.memory.isEmpty) this.remembered.delete(key);
    else idle.timer = setTimeout(() => this.remembered.delete(key), 2 * this.ackMemoryMs).unref();
  }
}

function keyOf(partition: string, subscription: string): string {
  return `${partition}\n${subscription}`;
}
