import type {
  Action,
  Authenticator,
  Authorizer,
  Principal,
  Resource,
  ScramUsers,
  SecurityRules,
} from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { Encodable, KafkaApi, RequestHeader } from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { ClientQuotas, QuotaHandle, RateLimits } from '#libs/rate-limit';
import type { ClientChange, ConnectionLog, Log, Metrics } from '#libs/telemetry';
import type { Link } from '#libs/transport';
import type { SaslExchange } from './connection/sasl-exchange.js';
import type { Fetches } from './fetching/fetches.js';
import type { GroupCoordinators } from './group-coordinator/group-coordinators.js';
import type { KafkaOptions } from './kafka.options.js';
import type { PartitionWriters } from './producers/partition-writers.js';
import type { PartitionLogs } from './reading/partition-logs.js';
import type { PartitionLeaders } from './routing/partition-leaders.js';
import type { TopicRegistry } from './topics/topic-registry.js';

/** Given instead of a response where Kafka sends none: Produce with acks=0. */
export const noResponse = Symbol('no response');
export type NoResponse = typeof noResponse;

/** What all handlers work with: one per process, built by the module. */
export interface GatewayServices {
  readonly pulsar: PulsarClient;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** What clients may change of it; absent: nothing. */
  readonly security?: { readonly rules: SecurityRules; readonly scram: ScramUsers };
  readonly limits: RateLimits;
  /** What clients may set of them; absent: nothing. */
  readonly clientQuotas?: ClientQuotas;
  readonly topics: TopicRegistry;
  readonly partitions: PartitionWriters;
  readonly logs: PartitionLogs;
  readonly fetches: Fetches;
  readonly groups: GroupCoordinators;
  /** This gateway among the others. */
  readonly cluster: ClusterView;
  /** Which gateway leads a partition. */
  readonly leaders: PartitionLeaders;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a handler may know of, and do to, the connection that its request came by. */
export interface ConnectionState {
  readonly link: Link;
  readonly log: ConnectionLog;
  /** Who the client is and how far it came in proving it. */
  readonly sasl: Pick<
    SaslExchange,
    'state' | 'stepwise' | 'principal' | 'mechanisms' | 'handshake' | 'authenticate'
  >;
  /** What the client may use up; absent before authentication, and where another gateway's client asks. */
  readonly quota?: QuotaHandle | undefined;
  /** Nobody waits for an answer any more. */
  readonly closed: boolean;
  /** Called once, when the connection has ended; at once when it already has. Returns the way to cancel. */
  whenClosed(listener: () => void): () => void;
  /** Called once, when the gateway stops and waits for answers; at once when it does already. Returns the way to cancel. */
  whenDraining(listener: () => void): () => void;
  /** Answers nothing more and ends the connection: one warn line. `reason` is a fixed kebab-case word. */
  fault(reason: string, message: string): void;
}

export interface RequestContext {
  readonly connection: ConnectionState;
  /** The connection's principal; throws before authentication. */
  readonly principal: Principal;
  /** Whether the principal may do this. Asked before anything is looked up, and again where a request has waited. */
  authorize(action: Action, resource: Resource): boolean;
  readonly header: RequestHeader;
  readonly gateway: GatewayServices;
  /**
   * For every refusal that an answer carries: a log line that says why, and one count by code.
   * `topic` is logged, never a metric's label.
   */
  refused(code: number, message: string, topic?: string): void;
  /** For the audit: what the principal changed for all, `topic.create`. */
  changed(action: ClientChange, name: string): void;
  /** Bytes of the request that stay in memory after its answer count as in flight until the function given is called. */
  retain(bytes: number): () => void;
  /** From here on the request takes so many bytes, instead of what was assumed when it was read. */
  recount(bytes: number): void;
  /** Called once the answer's bytes have left the process, or when it is certain that they never will. */
  onSent: (() => void) | undefined;
  /** What the client is told, in milliseconds (KIP-219). */
  readonly throttleMs: number;
  /** From here on the connection is not read for so long; the response goes out at once. */
  throttle(waitMs: number): void;
  /** Set: the connection is closed as soon as this response was sent. */
  closeAfterwards: boolean;
}

/**
 * One API. The connection decodes, starts requests in the order in which they arrived, and sends the
 * responses in that order. What `handle` throws closes the connection, so a handler turns refusals into
 * the response's own error codes. Supported = registered: ApiVersions is computed from these ranges.
 */
export interface ApiHandler<Request, Response> {
  readonly api: KafkaApi<Request, Response>;
  /** Inclusive, within what the codec can do. */
  readonly versionMin: number;
  readonly versionMax: number;
  handle(
    request: Request,
    context: RequestContext,
  ): Promise<Encodable<Response> | NoResponse> | Encodable<Response> | NoResponse;
}

/** {@link ApiHandler} with its message types forgotten, as the table of APIs holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the table is heterogeneous; each handler is typed by itself
export type AnyApiHandler = ApiHandler<any, any>;
