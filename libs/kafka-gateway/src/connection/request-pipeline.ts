import type { RequestHeader } from '#libs/kafka-codec';
import { type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import type { ProtocolCounters } from '#libs/telemetry';
import type { Link } from '#libs/transport';
import type { ConnectionState, GatewayServices } from '../handler.js';
import type { ProcessBudget } from './process-budget.js';
import { blocked, ReadGate } from './read-gate.js';
import { KafkaRequest, type nothing, type RequestHost, type ResponseBytes } from './request.js';
import { ResponseOrder } from './response-order.js';

/**
 * The requests of one connection that were read and are not answered: counts them and their bytes, sends answers in
 * the order of the requests, and pauses the link while there are too many, while a step of authentication is open and
 * while the tenant is over its rate.
 */
export class RequestPipeline {
  readonly #gate: ReadGate;
  readonly #order = new ResponseOrder<KafkaRequest>((request) => this.#send(request));
  readonly #counters: ProtocolCounters;
  readonly #forgetBudget: () => void;
  #share: ProcessBudget | undefined;
  #forgetShare = () => {};
  #bytes = 0;
  #quota: QuotaHandle | undefined;
  readonly #muted: QuotaPause;
  #closed = false;
  #drainWaiters: (() => void)[] = [];

  constructor(
    private readonly link: Link,
    private readonly gateway: GatewayServices,
    private readonly budget: ProcessBudget,
    /** Ends the connection after an answer that asked for it. */
    private readonly closeAfterAnswer: () => void,
  ) {
    this.#gate = new ReadGate(link);
    this.#muted = new QuotaPause({
      owedMs: () => this.#quota?.owedMs() ?? 0,
      limits: () => this.#quota,
      onBegin: () => this.#gate.set(blocked.muted, true),
      onEnd: () => this.#gate.set(blocked.muted, false),
    });
    this.#counters = gateway.metrics.protocol('kafka');
    this.#forgetBudget = budget.watch((exhausted) => this.#gate.set(blocked.process, exhausted));
  }

  /** From here on what is in flight counts as this tenant's too, and requests are taken from this quota. */
  bind(tenant: string, quota: QuotaHandle): void {
    this.#quota = quota;
    this.#forgetShare();
    this.#gate.set(blocked.tenant, false);
    this.#share = this.budget.share(tenant);
    this.#forgetShare = this.#share.watch((exhausted) => this.#gate.set(blocked.tenant, exhausted));
  }

  /** One for all requests, of which there are many. */
  readonly #host: RequestHost = {
    recounted: (change, { connection }) => {
      this.#bytes += change;
      this.#updateGate(connection);
    },
    throttled: (waitMs) => this.#mute(waitMs),
  };

  /** Requests that are in flight. */
  get size(): number {
    return this.#order.size;
  }

  /** A request is in flight from here until `settle`. */
  admit(connection: ConnectionState, header: RequestHeader, bytes: number, startedMs: number): KafkaRequest {
    const budget = this.#share ?? this.budget;
    const { gateway } = this;
    const request = new KafkaRequest(connection, gateway, header, bytes, startedMs, budget, this.#host);
    this.#order.add(request);
    this.#bytes += bytes;
    budget.add(bytes);
    this.#counters.requests++;
    this.#counters.requestsInFlight++;
    this.#updateGate(connection);
    const waitMs = this.#quota?.admitRequest() ?? 0;
    if (waitMs > 0) request.throttle(waitMs);
    return request;
  }

  /** To be called for each request that was admitted, also after `close`; the first answer counts. */
  settle(request: KafkaRequest, answer: ResponseBytes | typeof nothing): void {
    if (request.answer !== undefined) return;
    request.answer = answer;
    this.#bytes -= request.bytes;
    request.budget.remove(request.bytes);
    this.#counters.requestsInFlight--;
    if (this.#closed) {
      request.onSent?.();
      return;
    }
    this.#order.flush();
    this.#updateGate(request.connection);
    if (this.#order.size === 0) this.#releaseDrain();
  }

  drained(): Promise<void> {
    if (this.#closed || this.#order.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Nothing is sent from here on. */
  close(): void {
    this.#closed = true;
    this.#muted.close();
    this.#forgetBudget();
    this.#forgetShare();
    for (const request of this.#order.clear()) if (request.answer !== undefined) request.onSent?.();
    this.#releaseDrain();
  }

  #send(request: KafkaRequest): void {
    const { answer, onSent } = request;
    // A client that does not read its answers is not read either: the link sees to that.
    if (!this.#closed && typeof answer === 'object') this.link.send(answer, onSent);
    else onSent?.();
    if (this.#closed) return;
    if (request.closeAfterwards) this.closeAfterAnswer();
  }

  /**
   * KIP-219: the answer goes out at once, and what the client sends next waits; from when it was taken on, or what it has sent
   * ahead would be taken too.
   */
  #mute(waitMs: number): void {
    if (!this.#closed) this.#muted.begin(waitMs);
  }

  #updateGate(connection: ConnectionState): void {
    if (this.#closed) return;
    const { requestsInFlightMax, requestBytesInFlightMax } = this.gateway.options;
    const { size } = this.#order;
    this.#gate.set(blocked.inFlight, size >= requestsInFlightMax || this.#bytes >= requestBytesInFlightMax);
    this.#gate.set(blocked.authentication, size > 0 && connection.sasl.stepwise);
  }

  #releaseDrain(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
