import type { TenantTraffic } from './tenant-traffic.js';

/** What the values are made of. */
export interface SystemFacts {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly traffic: TenantTraffic;
  readonly retained: number;
}

/** All system topics, as mosquitto names them; numbers are decimal text. */
export const systemValues: readonly {
  readonly topic: string;
  readonly read: (facts: SystemFacts) => string | number;
}[] = [
  { topic: '$SYS/broker/version', read: ({ version }) => `pulsegate ${version}` },
  { topic: '$SYS/broker/uptime', read: ({ uptimeSeconds }) => `${uptimeSeconds} seconds` },
  { topic: '$SYS/broker/clients/connected', read: ({ traffic }) => traffic.clientsConnected },
  // Their old name, which tools still read.
  { topic: '$SYS/broker/clients/active', read: ({ traffic }) => traffic.clientsConnected },
  { topic: '$SYS/broker/clients/maximum', read: ({ traffic }) => traffic.clientsMaximum },
  { topic: '$SYS/broker/messages/received', read: ({ traffic }) => traffic.messagesReceived },
  { topic: '$SYS/broker/messages/sent', read: ({ traffic }) => traffic.messagesSent },
  { topic: '$SYS/broker/bytes/received', read: ({ traffic }) => traffic.bytesReceived },
  { topic: '$SYS/broker/bytes/sent', read: ({ traffic }) => traffic.bytesSent },
  { topic: '$SYS/broker/publish/messages/received', read: ({ traffic }) => traffic.publishMessagesReceived },
  { topic: '$SYS/broker/publish/messages/sent', read: ({ traffic }) => traffic.publishMessagesSent },
  { topic: '$SYS/broker/publish/messages/dropped', read: ({ traffic }) => traffic.publishMessagesDropped },
  { topic: '$SYS/broker/publish/bytes/received', read: ({ traffic }) => traffic.publishBytesReceived },
  { topic: '$SYS/broker/publish/bytes/sent', read: ({ traffic }) => traffic.publishBytesSent },
  { topic: '$SYS/broker/subscriptions/count', read: ({ traffic }) => traffic.subscriptions },
  { topic: '$SYS/broker/retained messages/count', read: ({ retained }) => retained },
];
