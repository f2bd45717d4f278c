// What each MQTT client does before the gateway, and how it reports that: one process of a client serves many jobs.

/** In the order of the compatibility table. */
export const mqttScenarios = [
  'publish and subscribe',
  'will',
  'retained',
  'persistent session',
  'shared subscription',
  'request/response',
] as const;
export type MqttScenario = (typeof mqttScenarios)[number];

export type MqttTransport = 'tcp' | 'tls' | 'ws' | 'wss';

/** All scenarios over one transport at one level. */
export interface MqttJob {
  /** 3.1.1 or 5. */
  readonly level: 4 | 5;
  readonly transport: MqttTransport;
  /** Of each topic and client identifier: no other job has it. Letters and digits. */
  readonly prefix: string;
}

/** The argument of a client's program, as JSON. */
export interface MqttClientTask {
  /** `localhost:port` of each, and the path of the WebSocket listeners. */
  readonly host: string;
  readonly ports: Readonly<Record<MqttTransport, number>>;
  readonly path: string;
  /** The authority of the TLS listeners, in PEM. */
  readonly caFile: string;
  readonly jobs: readonly MqttJob[];
}

/** A line of its output, as JSON. */
export interface MqttScenarioOutcome extends Pick<MqttJob, 'level' | 'transport'> {
  readonly scenario: MqttScenario;
  /** Left out: all was as it should be. */
  readonly fault?: string;
}

/** Longest time that one scenario may take in a client. */
export const scenarioTimeoutMs = 20_000;
