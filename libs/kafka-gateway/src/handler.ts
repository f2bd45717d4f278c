import type { Authenticator, Authorizer, Principal } from '#libs/auth';
import type { ByteReader, ByteWriter, KafkaApi, RequestHeader } from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { Link } from '#libs/transport';
import type { KafkaOptions } from './kafka.options.js';
import type { PartitionWriters } from './producers/partition-writers.js';
import type { TopicRegistry } from './topics/topic-registry.js';

/** Given instead of a response where Kafka sends none: Produce with acks=0. */
export const noResponse = Symbol('no response');
export type NoResponse = typeof noResponse;

/** What all handlers work with: one per process, built by the module. */
export interface GatewayServices {
  readonly pulsar: PulsarClient;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly limits: RateLimits;
  readonly topics: TopicRegistry;
  readonly partitions: PartitionWriters;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What a handler may know of, and do to, the connection that its request came by. */
export interface ConnectionState {
  readonly id: string;
  readonly link: Link;
  readonly log: Log;
  /** Undefined until authenticated; only handlers with `beforeAuthentication` ever see that. */
  readonly principal: Principal | undefined;
  /** Called once, when the connection has ended. Returns the way to cancel. */
  onClose(listener: () => void): () => void;
  /** Answers nothing more and ends the connection; `reason` goes to the log. */
  close(reason: string): void;
}

export interface RequestContext {
  readonly connection: ConnectionState;
  /** The connection's principal; throws before authentication. */
  readonly principal: Principal;
  readonly header: RequestHeader;
  readonly gateway: GatewayServices;
  /** Milliseconds that the connection is not read after the response was sent (KIP-219). */
  throttleMs: number;
}

/**
 * One API. The connection decodes, starts requests in the order in which they arrived, and sends the
 * responses in that order. What `handle` throws before its response exists closes the connection, so a
 * handler turns refusals into the response's own error codes.
 */
export interface ApiHandler<Request = unknown, Response = unknown> {
  readonly api: KafkaApi;
  readonly versionMin: number;
  readonly versionMax: number;
  readonly beforeAuthentication?: boolean;
  decode(reader: ByteReader, version: number): Request;
  encode(writer: ByteWriter, response: Response, version: number): void;
  handle(request: Request, context: RequestContext): Promise<Response | NoResponse> | Response | NoResponse;
}
