// What each AMQP 0-9-1 client does before the gateway, and how it reports that: one process of a client serves many jobs.

/** In the order of the compatibility table. */
export const amqp091Scenarios = [
  'work queue',
  'fanout',
  'routing',
  'direct reply-to',
  'reply queue',
  'retry',
  'mandatory',
  'transaction',
  'cancel',
  'refusals',
  'large message',
  'types',
] as const;
export type Amqp091Scenario = (typeof amqp091Scenarios)[number];

/** Over TLS with user and password, else as RabbitMQ's `guest`. */
export type Amqp091Transport = 'tcp' | 'tls';

/** Some scenarios over one transport. */
export interface Amqp091Job {
  readonly transport: Amqp091Transport;
  /** Of each exchange and queue: no other job has it. Letters and digits. */
  readonly prefix: string;
  /** Separated by commas. */
  readonly scenarios: string;
}

/** The argument of a client's program, as JSON. */
export interface Amqp091ClientTask {
  readonly host: string;
  /** `recorded`: over TCP, where every message is recorded as it is sent and delivered; for the scenario `types`. */
  readonly ports: Readonly<Record<Amqp091Transport | 'recorded', number>>;
  /** The authority of the TLS listener, in PEM. */
  readonly caFile: string;
  readonly user: string;
  readonly password: string;
  readonly largeBytes: number;
  readonly jobs: readonly Amqp091Job[];
  /** What begins the queues of the scenario `types`: each client writes one of each kind for each reader to `exchange-writer-reader`. */
  readonly exchange: string;
  readonly readers: readonly string[];
  readonly writers: readonly string[];
  /** What a header of each name is, as {@link headerValues} has it: each client writes those whose type it has. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A line of its output, as JSON. */
export interface Amqp091ScenarioOutcome extends Pick<Amqp091Job, 'transport'> {
  readonly scenario: Amqp091Scenario;
  /** Left out: all was as it should be. */
  readonly fault?: string;
}

/** Of every type that there is, as text that all clients can make: `T` seconds, `x` hexadecimal bytes. */
export const headerValues: Readonly<Record<string, string>> = {
  ...{ text: 'größe', empty: '', long_text: 'long '.repeat(200), yes: 'true', no: 'false' },
  ...{ int8: '-7', uint8: '200', int16: '-300', uint16: '60000', int32: '-70000', uint32: '4000000000' },
  ...{ int64: '1099511627776', float: '1.5', double: '-0.1', decimal: '19.99' },
  ...{ timestamp: 'T1700000000', bytes: 'x0001ff', void: 'null' },
  ...{ table: '{list=[1,two],name=röd}', array: '[1,two,true,{deep=[]}]' },
};

/** Messages of the scenario `types`, by their places: with headers, with properties, with neither and no body. */
export const typesMessages = 3;

/** Longest time that one scenario may take in a client. */
export const scenarioTimeoutMs = 40_000;
