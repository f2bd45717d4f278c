/** Why a message for a client was not sent. */
export const dropReasons = ['queue-full', 'too-large', 'expired', 'detached'] as const;
export type DropReason = (typeof dropReasons)[number];

/** Counts of the MQTT front: plain numbers, read on each scrape. */
export class MqttCounters {
  /** By packet type, 1 to 15. */
  readonly packetsReceived = new Float64Array(16);
  readonly packetsSent = new Float64Array(16);
  /** By QoS. */
  readonly publishesReceived = new Float64Array(3);
  readonly publishesSent = new Float64Array(3);
  readonly dropped: Record<DropReason, number> = { 'queue-full': 0, 'too-large': 0, expired: 0, detached: 0 };
  /** Acknowledgements for packet ids that are not in flight. */
  strayAcknowledgements = 0;
  takeovers = 0;
  sessionsConnected = 0;
}
