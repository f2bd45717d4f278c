/** So much in a second on average; `burst` is what may be used at once after a quiet time. Both are more than 0. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What is limited by slowing down. In: from clients. Bytes are those of messages. Absent = not limited. */
export interface TrafficLimits {
  readonly bytesIn?: Rate;
  readonly bytesOut?: Rate;
  readonly messagesIn?: Rate;
  readonly messagesOut?: Rate;
  /** Requests, packets or frames that ask for something, of any kind. */
  readonly requests?: Rate;
}

export const trafficKinds = ['bytesIn', 'bytesOut', 'messagesIn', 'messagesOut', 'requests'] as const;
export type TrafficKind = (typeof trafficKinds)[number];

/** What is limited by refusing. */
export interface ConnectionLimits {
  /** Open at once. */
  readonly connections?: number;
  /** New ones. */
  readonly connectionRate?: Rate;
}

/** Stands for each one that has no setting of its own. */
export const everyName = '*';

/** What each of some clients of a tenant may use up: a user over all its connections, a client id, or both together. */
export interface ClientLimits extends TrafficLimits, ConnectionLimits {
  /** A name, or `*` for each user by itself. */
  readonly user?: string;
  /** Likewise. */
  readonly clientId?: string;
}

/** What there may be of a tenant, over all gateways or in this process, as each says. */
export interface HeldLimits {
  /** MQTT sessions in this process that outlive their connection. */
  readonly sessions?: number;
  /** Subscriptions of the MQTT clients that are connected to this process. */
  readonly subscriptions?: number;
  /** Kafka groups that this process coordinates. */
  readonly groups?: number;
  /** AMQP 0-9-1 queues, over all gateways. */
  readonly queues?: number;
  /** Topics in the tenant's namespace that clients may create up to, over all gateways. */
  readonly topics?: number;
}

export const heldKinds = ['sessions', 'subscriptions', 'groups', 'queues', 'topics'] as const;
export type HeldKind = (typeof heldKinds)[number];

/** What a tenant may use up in this process. Absent = not limited. */
export interface TenantLimits extends TrafficLimits, ConnectionLimits, HeldLimits {
  /** Topics and partitions that clients create. */
  readonly topicCreations?: Rate;
  /** Within the tenant's own limits; for one client and kind the most specific counts. */
  readonly clients?: readonly ClientLimits[];
  /** Longest time that a client is slowed by at once, so that none runs into its own timeout. */
  readonly throttleMsMax?: number;
  /** Nothing is slowed or refused: what would be is counted. */
  readonly dryRun?: boolean;
}

/** What all tenants together may use up in this process. */
export interface GatewayLimits extends TrafficLimits, ConnectionLimits {
  /** Of each address, before TLS and before anybody said who it is. */
  readonly addresses?: ConnectionLimits;
  readonly dryRun?: boolean;
}
