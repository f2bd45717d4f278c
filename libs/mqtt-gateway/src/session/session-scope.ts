import type { MqttCounters } from '../mqtt.counters.js';
import type { PublishEncoder } from './publish-encoder.js';

/** What all sessions of a process have in common. */
export interface SessionScope {
  readonly outboundQueueMessagesMax: number;
  readonly outboundQueueBytesMax: number;
  readonly counters: MqttCounters;
  readonly encoder: PublishEncoder;
  /** The time of day in milliseconds since 1970. */
  nowMs(): number;
}
