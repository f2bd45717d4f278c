import type { Buffer } from 'node:buffer';
import { type Action, denyingRule, type Principal, type Resource } from '#libs/auth';
import { KafkaErrorCode, kafkaErrorName, type RequestHeader } from '#libs/kafka-codec';
import type { ClientChange } from '#libs/telemetry';
import type { ConnectionState, GatewayServices, RequestContext } from '../handler.js';
import type { ProcessBudget } from './process-budget.js';
import type { Pending } from './response-order.js';

/** What is sent: one response with its size prefix, in one piece or in several. */
export type ResponseBytes = Buffer | readonly Buffer[];

/** Stands where no bytes are sent: acks=0, or the connection is being closed. */
export const nothing = Symbol('nothing');

/** What is refused for want of permission. */
const denials: ReadonlySet<number> = new Set([
  KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  KafkaErrorCode.GROUP_AUTHORIZATION_FAILED,
  KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]);

/** Where requests come from. */
export interface RequestHost {
  /** A request takes so many bytes more. */
  recounted(change: number, request: KafkaRequest): void;
  /** Nothing more is read for so long. */
  throttled(waitMs: number): void;
}

/** One request from its frame to its answer. */
export class KafkaRequest implements RequestContext, Pending<ResponseBytes | typeof nothing> {
  answer: ResponseBytes | typeof nothing | undefined = undefined;
  throttleMs = 0;
  closeAfterwards = false;
  onSent: (() => void) | undefined = undefined;
  /** By name: what was asked for by this request, and is not allowed. */
  #denied: Map<string, { readonly action: Action; readonly resource: Resource }> | undefined;

  constructor(
    readonly connection: ConnectionState,
    readonly gateway: GatewayServices,
    readonly header: RequestHeader,
    /** What it takes in memory, in flight until it is answered. */
    public bytes: number,
    readonly startedMs: number,
    /** Where they count. */
    readonly budget: ProcessBudget,
    private readonly host: RequestHost,
  ) {}

  get principal(): Principal {
    const { principal } = this.connection.sasl;
    if (principal === undefined) throw new Error('a request was served before authentication');
    return principal;
  }

  authorize(action: Action, resource: Resource): boolean {
    const { principal, gateway, header } = this;
    const allowed = gateway.authorizer.authorize(principal, action, resource, header.clientId ?? '');
    if (!allowed) (this.#denied ??= new Map()).set(resource.name, { action, resource });
    return allowed;
  }

  recount(bytes: number): void {
    if (this.answer !== undefined) return;
    const change = bytes - this.bytes;
    this.bytes = bytes;
    if (change > 0) this.budget.add(change);
    else this.budget.remove(-change);
    this.host.recounted(change, this);
  }

  throttle(waitMs: number): void {
    if (waitMs === 0) return;
    this.throttleMs = Math.max(this.throttleMs, waitMs);
    const counters = this.gateway.metrics.tenant('kafka', this.principal.tenant.name);
    counters.throttles++;
    counters.throttledMs += waitMs;
    this.host.throttled(waitMs);
  }

  retain(bytes: number): () => void {
    this.budget.add(bytes);
    return () => this.budget.remove(bytes);
  }

  refused(code: number, message: string, topic?: string): void {
    const name = kafkaErrorName(code);
    if (denials.has(code)) {
      this.gateway.metrics.tenant('kafka', this.principal.tenant.name).authorizationDenials++;
      this.#auditDenial(name, topic);
    }
    this.gateway.metrics.errors('kafka', name).inc();
    this.connection.log.refusal(name, message, {
      code: name,
      ...(topic !== undefined && { topic }),
      ...(this.header.clientId !== null && { clientId: this.header.clientId }),
    });
  }

  changed(action: ClientChange, name: string): void {
    this.connection.log.changed(action, name, this.header.clientId ?? undefined);
  }

  /** What was asked last, where it is not said what is refused. */
  #auditDenial(reason: string, topic: string | undefined): void {
    if (this.#denied === undefined) return;
    const named = topic === undefined ? undefined : this.#denied.get(topic);
    const denied = named ?? [...this.#denied.values()].at(-1)!;
    const { action, resource } = denied;
    const { clientId } = this.header;
    this.connection.log.denied({ action, resource, reason, ...(clientId !== null && { clientId }) }, () =>
      denyingRule(this.gateway.authorizer, this.principal, action, [resource], clientId ?? ''),
    );
  }
}
