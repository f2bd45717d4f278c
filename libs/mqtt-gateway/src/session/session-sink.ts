import type { Buffer } from 'node:buffer';
import type { MqttProtocolLevel } from '#libs/mqtt-codec';
import type { MqttError } from '../mqtt.errors.js';
import type { TenantTraffic } from '../system-topics/tenant-traffic.js';

/** Where a connected session sends to: its connection, with what the client allows. */
export interface SessionSink {
  readonly level: MqttProtocolLevel;
  /** QoS 1 and 2 messages on their way at once; never above `outboundWindowMax`. */
  readonly receiveMaximum: number;
  /** What is larger is not sent [MQTT-3.1.2-24]. */
  readonly maximumPacketSizeBytes: number;
  /** 0: the client takes no topic aliases. */
  readonly topicAliasMaximum: number;
  /** False: the send buffer is full; {@link MqttSession.onWritable} is called when it is not any more. */
  sendBytes(bytes: Buffer | readonly Buffer[]): boolean;
  /** A message. False: as above, or the client has been given as much as it may be for now. */
  sendPublish(parts: readonly Buffer[], bytes: number): boolean;
  /** Whether the client may read a message of this topic; asked for subscriptions that are `checked`. */
  mayReceive(topic: string): boolean;
  /** Some subscription may not be allowed any more as it was granted: `mayReceive` is to be asked for each message. */
  readonly permissionsChanged: boolean;
  /** The session's store failed: the session is not served here any more. */
  lost(error: MqttError): void;
  readonly traffic: TenantTraffic;
}
