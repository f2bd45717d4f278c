import type { MqttPacketType } from '#libs/mqtt-codec';

/** Packet types by number (section 2.1.2). */
export const packetTypes: Readonly<Record<MqttPacketType, number>> = {
  ...{ connect: 1, connack: 2, publish: 3, puback: 4, pubrec: 5, pubrel: 6, pubcomp: 7, subscribe: 8 },
  ...{ suback: 9, unsubscribe: 10, unsuback: 11, pingreq: 12, pingresp: 13, disconnect: 14, auth: 15 },
};

/** Why a message for a client was not sent. */
export const dropReasons = ['queue-full', 'too-large', 'expired', 'detached', 'not-permitted'] as const;
export type DropReason = (typeof dropReasons)[number];

/** Counts of the MQTT front: plain numbers, read on each scrape. */
export class MqttCounters {
  /** By packet type, 1 to 15. */
  readonly packetsReceived = new Float64Array(16);
  readonly packetsSent = new Float64Array(16);
  /** By QoS. */
  readonly publishesReceived = new Float64Array(3);
  readonly publishesSent = new Float64Array(3);
  readonly dropped: Record<DropReason, number> = {
    ...{ 'queue-full': 0, 'too-large': 0, expired: 0, detached: 0, 'not-permitted': 0 },
  };
  /** Acknowledgements for packet ids that are not in flight. */
  strayAcknowledgements = 0;
  takeovers = 0;
  sessionsConnected = 0;
}
