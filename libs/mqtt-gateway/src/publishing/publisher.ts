import type { Buffer } from 'node:buffer';
import type { MqttQos } from '#libs/mqtt-codec';
import type { PublishPressure } from '#libs/pulsar';
import type { ConnectionLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { MqttMessageProperties } from '../message.js';
import type { MqttError } from '../mqtt.errors.js';

/** A PUBLISH, or a will, that was authorized: what is to be stored. */
export interface PublishRequest {
  readonly tenant: Tenant;
  /** A valid topic name that does not begin with `$`; a topic alias was resolved. */
  readonly topic: string;
  /** A view on the socket's bytes: copied before `publish` returns. */
  readonly payload: Buffer;
  readonly qos: MqttQos;
  readonly retain: boolean;
  readonly properties: MqttMessageProperties;
  readonly messageExpiryIntervalSeconds: number | undefined;
  readonly clientId: string;
  /** Where it is recorded that a topic was made for it. */
  readonly log?: Pick<ConnectionLog, 'changed'>;
}

/** Called once, after Pulsar's receipt or when there will be none. */
export type PublishDone = (error: MqttError | undefined) => void;

/** Stores messages in Pulsar, in the order of the calls for one Pulsar topic and key. */
export interface Publisher {
  /**
   * Never throws. QoS 0 too: `done` is for counting. `done` may be called before it returns when the message is refused.
   * What it returns, if anything, says that no more should be read from whoever published until its relief; what was read
   * already is taken, up to a bound, and refused with 0x97 beyond.
   */
  publish(request: PublishRequest, done: PublishDone): PublishPressure | undefined;
}
