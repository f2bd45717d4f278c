// Bad input as a table: each row is one thing that a hostile client does to one protocol, and what it meets there.
// `docs/bad-input.md` is written from the same rows.

export const abusedProtocols = [
  'Kafka',
  'MQTT',
  'AMQP 1.0',
  'AMQP 0-9-1',
  'WebSocket',
  'admin HTTP',
] as const;
export type AbusedProtocol = (typeof abusedProtocols)[number];

/** What is tried, whatever the protocol. P: before authentication. */
export const abuseItems = {
  P1: 'Much is announced and little sent, on a thousand connections',
  P2: 'The first bytes are of another protocol, or not what comes first',
  P3: 'A client sends a byte now and then, or nothing',
  P4: 'Connections come in a flood',
  P5: 'Lengths of variable size are too long, too large or not minimal',
  P11: 'WebSocket from other pages, with frames without end, with words of its own',
  A2: 'A pattern reaches further than its client may',
  A3: 'Names of the system are used',
  A5: 'Clients fight for one identity',
  A8: 'A message, a name or a request has parts without number',
  A9: 'What is given is never taken, or never acknowledged',
  A10: 'Connections are held without a word',
  A11: 'What outlives its connection piles up',
  A12: 'Things are created, or asked for, without number',
  A14: 'The gateway is told where to connect',
  A15: 'The admin HTTP is used by whoever reaches it',
  A17: 'What is one tenant’s comes to another by a buffer that was used twice',
  A21: 'Headers for tracing have no end',
} as const;
export type AbuseItem = keyof typeof abuseItems;

interface Tried {
  readonly item: AbuseItem;
  /** What the client does. */
  readonly tries: string;
  /** What it gets, and everybody else. */
  readonly meets: string;
}

/** @typeParam Stage what rows of one protocol share: its gateway, its clients */
export interface Abuse<Stage> extends Tried {
  /** It measures the process: no other row runs beside it. */
  readonly alone?: boolean;
  /** @throws what jest's `expect` does */
  run(stage: Stage): Promise<void>;
}

/** A row whose test is elsewhere, as it needs what only that suite has. */
export interface ProvenAbuse extends Tried {
  readonly provenBy: {
    /** From the root of the project. */
    readonly file: string;
    /** Title of the test, as it stands in the file. */
    readonly test: string;
  };
}

/** All that is tried on one protocol. */
export interface AbuseTable<Stage> {
  readonly protocol: AbusedProtocol;
  readonly rows: readonly (Abuse<Stage> | ProvenAbuse)[];
  /** Items that this protocol has no place for, each with the reason. */
  readonly without: Partial<Readonly<Record<AbuseItem, string>>>;
}
