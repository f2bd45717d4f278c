// What each AMQP 1.0 client does before the gateway, and how it reports that: one process of a client serves many jobs.

/** In the order of the compatibility table. */
export const amqpScenarios = [
  'queue',
  'topic',
  'durable subscriber',
  'shared subscriber',
  'reply queue',
  'selector',
  'transaction',
  'acknowledgement',
  'large message',
  'delay',
  'browser',
  'types',
] as const;
export type AmqpScenario = (typeof amqpScenarios)[number];

/** Over TLS with user and password, else anonymous. */
export type AmqpTransport = 'tcp' | 'tls' | 'ws' | 'wss';

/** Some scenarios over one transport. */
export interface AmqpJob {
  readonly transport: AmqpTransport;
  /** Of each address and container: no other job has it. Letters and digits. */
  readonly prefix: string;
  /** Separated by commas. */
  readonly scenarios: string;
}

export interface EncodedMessage {
  readonly name: string;
  /** The bare message, and perhaps a footer. */
  readonly hex: string;
}

/** The argument of a client's program, as JSON. */
export interface AmqpClientTask {
  readonly host: string;
  readonly ports: Readonly<Record<AmqpTransport, number>>;
  /** Of the WebSocket listeners. */
  readonly path: string;
  /** The authority of the TLS listeners, in PEM. */
  readonly caFile: string;
  readonly user: string;
  readonly password: string;
  readonly largeBytes: number;
  readonly jobs: readonly AmqpJob[];
  /**
   * What begins the queues of the scenario `types`: each client writes one message of every kind for each of `readers`, by
   * its own encoder, to `exchange-writer-reader`, and those of `raw` all of `corpus` to `exchange-raw-writer-reader`.
   */
  readonly exchange: string;
  readonly readers: readonly string[];
  readonly writers: readonly string[];
  readonly raw: readonly string[];
  readonly corpus: readonly EncodedMessage[];
}

/** A line of its output, as JSON. */
export interface AmqpScenarioOutcome extends Pick<AmqpJob, 'transport'> {
  readonly scenario: AmqpScenario;
  /** Left out: all was as it should be. */
  readonly fault?: string;
}

/** Longest time that one scenario may take in a client. */
export const scenarioTimeoutMs = 40_000;
