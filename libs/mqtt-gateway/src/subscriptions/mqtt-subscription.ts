import type { MqttQos } from '#libs/mqtt-codec';

/** One subscription of a session. */
export interface MqttSubscription {
  /** As the client wrote it, `$share/...` included. */
  readonly filter: string;
  readonly qos: MqttQos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** MQTT 5: 1 to 268,435,455. */
  readonly identifier: number | undefined;
  /** Some rule denies a part of what the filter matches: each message is asked for. */
  readonly checked: boolean;
}
