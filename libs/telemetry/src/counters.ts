/**
 * Counts of one protocol. Plain numbers: the data path adds to them, and a scrape reads them. Nothing is formatted,
 * hashed or looked up per message.
 */
export class ProtocolCounters {
  connectionsOpened = 0;
  connectionsOpen = 0;
  /** Closed at accept: over the listener's total, over the address's share, or while draining. */
  connectionsRefusedTotal = 0;
  connectionsRefusedAddress = 0;
  connectionsRefusedDraining = 0;
  /** Connections of proxies without a PROXY header that can be used. */
  proxyHeaderFaults = 0;
  /** TLS handshakes that did not complete. */
  tlsFailures = 0;
  /** WebSocket handshakes that were refused. */
  webSocketRefusals = 0;
  unauthenticatedRefusals = 0;
  authSuccesses = 0;
  authFailures = 0;
  /** Connections that did not authenticate in time. */
  authTimeouts = 0;
  idleTimeouts = 0;
  /** Connections closed because the client did not read what was sent. */
  sendStalls = 0;
  /** Connections closed for bytes that are not the protocol. */
  malformed = 0;
  /** Exceptions from protocol code that ended a connection: each is a bug. */
  failures = 0;
  receivedBytes = 0;
  sentBytes = 0;
  requests = 0;
  /** Requests and batches in progress now. */
  requestsInFlight = 0;
}

/** Counts of one tenant on one protocol. */
export class TenantCounters {
  connectionsOpen = 0;
  produceMessages = 0;
  produceBytes = 0;
  /** Produce requests, batches or messages that were answered with an error. */
  produceErrors = 0;
  consumeMessages = 0;
  consumeBytes = 0;
  /** Partitions or subscriptions in answers that could not be read. */
  consumeErrors = 0;
  /** Milliseconds that clients were told or made to wait by a rate limit. */
  throttledMs = 0;
  throttles = 0;
  authorizationDenials = 0;
}

/** One number, counted up. */
export class EventCounter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}
