import type { ProtocolCounters, TenantCounters } from './counters.js';

/** How the numbers of a counters class are shown: one row a metric, one series a field. */
export interface MetricRow<C> {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  /** Field -> value of `label`; without `label` there is one field. */
  readonly label?: string;
  readonly series: { readonly [field in keyof C]?: string };
  /** Multiplies the number: 0.001 shows milliseconds in seconds. */
  readonly scale?: number;
}

export const protocolMetrics: readonly MetricRow<ProtocolCounters>[] = [
  {
    type: 'counter',
    name: 'pulsegate_connections_opened_total',
    help: 'Client connections that were accepted.',
    series: { connectionsOpened: '' },
  },
  {
    type: 'gauge',
    name: 'pulsegate_connections_open',
    help: 'Client connections that are open now.',
    series: { connectionsOpen: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_connections_refused_total',
    help: 'Client connections that were closed at accept because of a limit, by limit.',
    label: 'limit',
    series: {
      connectionsRefusedTotal: 'listener',
      connectionsRefusedAddress: 'address',
      connectionsRefusedDraining: 'draining',
    },
  },
  {
    type: 'counter',
    name: 'pulsegate_connection_faults_total',
    help: 'Client connections that the gateway ended, by reason; internal-error is a bug in the gateway.',
    label: 'reason',
    series: {
      proxyHeaderFaults: 'proxy-header',
      tlsFailures: 'tls-failure',
      webSocketRefusals: 'websocket-refused',
      unauthenticatedRefusals: 'unauthenticated-bytes',
      authTimeouts: 'authentication-timeout',
      idleTimeouts: 'idle-timeout',
      sendStalls: 'send-stalled',
      malformed: 'malformed-frame',
      failures: 'internal-error',
    },
  },
  {
    type: 'counter',
    name: 'pulsegate_authentications_total',
    help: 'Authentications of clients, by result.',
    label: 'result',
    series: { authSuccesses: 'success', authFailures: 'failure' },
  },
  {
    type: 'counter',
    name: 'pulsegate_received_bytes_total',
    help: 'Bytes received from clients, without TLS.',
    series: { receivedBytes: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_sent_bytes_total',
    help: 'Bytes sent to clients, without TLS.',
    series: { sentBytes: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_requests_total',
    help: 'Requests from clients.',
    series: { requests: '' },
  },
  {
    type: 'gauge',
    name: 'pulsegate_requests_in_flight',
    help: 'Requests from clients that are not answered yet.',
    series: { requestsInFlight: '' },
  },
];

export const tenantMetrics: readonly MetricRow<TenantCounters>[] = [
  {
    type: 'gauge',
    name: 'pulsegate_tenant_connections_open',
    help: 'Open client connections that are bound to the tenant.',
    series: { connectionsOpen: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_produce_messages_total',
    help: 'Messages from clients that Pulsar has stored.',
    series: { produceMessages: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_produce_bytes_total',
    help: 'Bytes of messages from clients that Pulsar has stored.',
    series: { produceBytes: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_produce_errors_total',
    help: 'Batches or messages from clients that were answered with an error.',
    series: { produceErrors: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_consume_messages_total',
    help: 'Messages delivered to clients.',
    series: { consumeMessages: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_consume_bytes_total',
    help: 'Bytes of messages delivered to clients.',
    series: { consumeBytes: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_consume_errors_total',
    help: 'Reads of clients that were answered with an error.',
    series: { consumeErrors: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_throttles_total',
    help: 'Requests that were slowed by a rate limit.',
    series: { throttles: '' },
  },
  {
    type: 'counter',
    name: 'pulsegate_throttle_seconds_total',
    help: 'Time by which requests were slowed by a rate limit.',
    series: { throttledMs: '' },
    scale: 0.001,
  },
  {
    type: 'counter',
    name: 'pulsegate_authorization_denials_total',
    help: 'Operations that the permissions did not allow.',
    series: { authorizationDenials: '' },
  },
];
