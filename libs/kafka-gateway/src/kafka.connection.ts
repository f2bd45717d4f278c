import { Buffer } from 'node:buffer';
import type { EndOfIdentity, Principal, SessionWatch, WatchedSession } from '#libs/auth';
import {
  apiVersionsApi,
  ByteReader,
  decodeRequestHeader,
  encodeResponse,
  KafkaDecodeError,
  KafkaFrameDecoder,
  produceApi,
  type RequestHeader,
} from '#libs/kafka-codec';
import type { QuotaHandle } from '#libs/rate-limit';
import type { ConnectionLog, ProtocolCounters } from '#libs/telemetry';
import type { Link, ProtocolConnection } from '#libs/transport';
import type { ApiTable } from './api-table.js';
import { CountedDecoder, type PartialFrames } from './connection/partial-frames.js';
import type { ProcessBudget } from './connection/process-budget.js';
import { type KafkaRequest, nothing, type ResponseBytes } from './connection/request.js';
import { decodeBody } from './connection/request-body.js';
import { RequestPipeline } from './connection/request-pipeline.js';
import { SaslExchange, type SaslStep } from './connection/sasl-exchange.js';
import { type AnyApiHandler, type ConnectionState, type GatewayServices, noResponse } from './handler.js';
import { unsupportedVersionsResponse } from './handlers/api-versions.handler.js';
import { coordinatorOfRequest, namesGroups } from './routing/coordinator-of-request.js';
import { forwardRequest } from './routing/kafka-forwarding.js';
import { loadingGroups } from './routing/loading-groups.js';

/**
 * What a request of many small parts takes in memory until it is answered, for each of its bytes: of names with 8
 * characters about 50. Produce is mostly records, which stay as they came.
 */
const decodedGrowth = 64;

/** A token of SaslHandshake v0 has no header. */
const rawTokenHeader: RequestHeader = {
  apiKey: -1,
  apiVersion: 0,
  correlationId: 0,
  clientId: null,
  headerVersion: 1,
};

/** What the connections of a process share. */
export interface ProcessLimits {
  readonly requests: ProcessBudget;
  readonly partialFrames: PartialFrames;
  readonly sessions: SessionWatch;
}

/** How long requests that run and a renewal that was begun may go on when their session has ended. */
const sessionGraceMs = 30_000;

/**
 * One client. Decides which handler serves a frame and nothing else: what a request means is the handler's business,
 * who the client is SaslExchange's, and the order and number of requests in flight RequestPipeline's.
 */
export class KafkaConnection implements ProtocolConnection<Buffer>, ConnectionState, WatchedSession {
  readonly decoder: CountedDecoder;
  readonly sasl: SaslExchange;
  readonly log: ConnectionLog;
  quota: QuotaHandle | undefined;
  readonly #pipeline: RequestPipeline;
  readonly #counters: ProtocolCounters;
  readonly #sessions: SessionWatch;
  readonly #closeListeners = new Set<() => void>();
  readonly #drainListeners = new Set<() => void>();
  #countedTenant: string | undefined;
  /** As the last request said it. */
  #clientId = '';
  #identified = false;
  #closed = false;
  #draining = false;

  constructor(
    readonly link: Link,
    private readonly table: ApiTable,
    private readonly gateway: GatewayServices,
    { requests, partialFrames, sessions }: ProcessLimits,
  ) {
    const { options, authenticator, metrics } = gateway;
    this.log = link.log;
    this.#counters = metrics.protocol('kafka');
    this.#sessions = sessions;
    const { frameBytesMaxBeforeAuthentication, frameBytesMax } = options;
    const frames = new KafkaFrameDecoder(frameBytesMaxBeforeAuthentication, frameBytesMax);
    this.decoder = new CountedDecoder(frames, partialFrames);
    this.#pipeline = new RequestPipeline(link, gateway, requests, () => this.#close('refused'));
    this.sasl = new SaslExchange({
      peer: { ...link.peer, listener: link.listener.name },
      authenticator,
      onAuthenticated: (principal, renewal) => {
        if (this.#closed) return;
        if (renewal) this.log.debug('session.renewed', 'the client has proven again who it is');
        this.#counters.authSuccesses++;
        this.#bind(principal);
      },
    });
    if (this.sasl.principal !== undefined) this.#bind(this.sasl.principal);
    if (this.sasl.state === 'identifying') this.#identifyCertificate();
  }

  /** Nothing is read before it is known whose certificate it is. */
  #identifyCertificate(): void {
    this.link.pause();
    void this.sasl.identify().then((refusal) => {
      if (this.#closed) return;
      if (refusal !== undefined) {
        this.#counters.authFailures++;
        this.#refuse('authentication-failed', `the client certificate is refused: ${refusal}`);
      } else if (this.sasl.state === 'anonymous') this.#bind(this.sasl.principal!);
      this.link.resume();
    });
  }

  onFrame(frame: Buffer): void {
    if (this.#closed) return;
    if (this.sasl.state === 'raw') this.#startRawToken(frame);
    else this.#dispatch(frame);
  }

  #dispatch(frame: Buffer): void {
    const reader = new ByteReader(frame);
    const nowMs = performance.now();
    try {
      const header = decodeRequestHeader(reader);
      const handler = this.#handlerOf(header, nowMs);
      if (handler === undefined) return;
      const body = handler.api.decodeRequest(reader, header.apiVersion);
      const heldBytes = handler.api === produceApi ? frame.length : frame.length * decodedGrowth;
      this.#route(this.#pipeline.admit(this, header, heldBytes, nowMs), handler, body, frame);
    } catch (error) {
      if (!(error instanceof KafkaDecodeError)) throw error;
      this.#counters.malformed++;
      this.#refuse(error.code, error.message);
    }
  }

  onWritable(): void {}

  onClose(): void {
    this.#end();
  }

  get closed(): boolean {
    return this.#closed;
  }

  whenClosed(listener: () => void): () => void {
    if (this.#closed) listener();
    else this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  whenDraining(listener: () => void): () => void {
    if (this.#draining) listener();
    else this.#drainListeners.add(listener);
    return () => this.#drainListeners.delete(listener);
  }

  drained(): Promise<void> {
    this.#draining = true;
    for (const listener of this.#drainListeners) listener();
    this.#drainListeners.clear();
    return this.#pipeline.drained();
  }

  fault(reason: string, message: string): void {
    if (this.#closed) return;
    this.log.fault(reason, message);
    this.#close(reason);
  }

  /** The handler that may serve this request now; undefined when the request was answered or refused here. */
  #handlerOf(header: RequestHeader, nowMs: number): AnyApiHandler | undefined {
    const { apiKey, apiVersion } = header;
    const handler = this.table.find(apiKey);
    if (handler === undefined) {
      this.#refuse('unsupported-api', `API key ${apiKey} is not served`);
      return undefined;
    }
    this.#clientId = header.clientId ?? '';
    if (!this.sasl.admits(apiKey, nowMs)) {
      this.#refuseBySasl(handler.api.name, nowMs);
      return undefined;
    }
    if (!this.#identified && this.sasl.state === 'authenticated') this.#identify();
    this.quota?.identify(this.#clientId);
    if (apiVersion >= handler.versionMin && apiVersion <= handler.versionMax) return handler;
    if (apiKey === apiVersionsApi.key) this.#answerUnsupportedApiVersions(header);
    else {
      // Kafka's brokers throw InvalidRequestException here: what the client expects back has no known shape.
      this.#refuse(
        'unsupported-version',
        `${handler.api.name} v${apiVersion} is not served, v${handler.versionMin}-v${handler.versionMax} are`,
      );
    }
    return undefined;
  }

  #refuseBySasl(api: string, nowMs: number): void {
    if (nowMs >= this.sasl.endsAtMs) {
      this.#refuse('session-ended', `${api} after the end of the session, instead of its renewal`);
      return;
    }
    this.#counters.authFailures++;
    this.#refuse('illegal-sasl-state', `${api} is not allowed before authentication is complete`);
  }

  /** A request about groups that another gateway coordinates is answered there, or, when that fails, refused here. */
  #route(request: KafkaRequest, handler: AnyApiHandler, body: unknown, frame: Buffer): void {
    if (!namesGroups(handler.api.key)) {
      this.#start(request, handler, body);
      return;
    }
    const tenant = this.sasl.principal?.tenant;
    const nodeId = tenant && coordinatorOfRequest(handler.api.key, body, tenant, this.gateway);
    if (nodeId === undefined) {
      this.#startLoaded(request, handler, body, frame);
      return;
    }
    // It may wait for the other members of a group, for minutes: as its frame, which is decoded again.
    const decodedBytes = request.bytes;
    request.recount(frame.length);
    forwardRequest(nodeId, frame, request).then(
      (answer) => this.#pipeline.settle(request, answer),
      () => {
        request.recount(decodedBytes);
        this.#startLoaded(request, handler, decodeBody(handler, frame), frame);
      },
    );
  }

  /** While its groups are being loaded a request waits as its frame, which is decoded again. */
  #startLoaded(request: KafkaRequest, handler: AnyApiHandler, body: unknown, frame: Buffer): void {
    const loading = request.connection.sasl.principal && loadingGroups(request, body);
    if (loading === undefined) {
      this.#start(request, handler, body);
      return;
    }
    const decodedBytes = request.bytes;
    request.recount(frame.length);
    void loading.then(() => {
      request.recount(decodedBytes);
      this.#start(request, handler, decodeBody(handler, frame));
    });
  }

  #start(request: KafkaRequest, handler: AnyApiHandler, body: unknown): void {
    const failed = (error: unknown) => this.#failed(request, error);
    const answer = (response: unknown) => {
      try {
        this.#answer(request, handler, response);
      } catch (error) {
        failed(error);
      }
    };
    try {
      const response = handler.handle(body, request);
      if (response instanceof Promise) response.then(answer, failed);
      else answer(response);
    } catch (error) {
      failed(error);
    }
  }

  #answer(request: KafkaRequest, handler: AnyApiHandler, response: unknown): void {
    const { principal } = this.sasl;
    const { api } = handler;
    let answer: ResponseBytes | typeof nothing = nothing;
    if (principal && !this.gateway.authenticator.serves(principal.tenant)) {
      // Its rules are gone: a client would hear that it is not allowed, and give up where it would come again.
      if (!this.#closed) this.revoked('tenant');
    } else if (response !== noResponse) {
      const { throttleMs, header } = request;
      // KIP-219: every response has the field.
      const told = throttleMs === 0 ? response : { ...(response as object), throttleTimeMs: throttleMs };
      answer = encodeResponse(api, header, told);
    }
    this.gateway.metrics.latency('kafka', api.name).observe(performance.now() - request.startedMs);
    this.#pipeline.settle(request, answer);
  }

  /** Our own fault: the client is told nothing that may be wrong; it reconnects and asks again. */
  #failed(request: KafkaRequest, error: unknown): void {
    if (!this.#closed) {
      this.#counters.failures++;
      this.log.failure(error, `a request with API key ${request.header.apiKey} could not be served`);
      this.#close('internal-error');
    }
    this.#pipeline.settle(request, nothing);
  }

  /** SaslHandshake v0 is followed by tokens that have a size and nothing else, both ways (KIP-43). */
  #startRawToken(token: Buffer): void {
    const request = this.#pipeline.admit(this, rawTokenHeader, token.length, performance.now());
    this.sasl.authenticate(token).then(
      (step) => this.#pipeline.settle(request, this.#rawAnswer(step)),
      (error) => this.#failed(request, error),
    );
  }

  /** A refusal has no place there: the connection ends unanswered. */
  #rawAnswer(step: SaslStep): ResponseBytes | typeof nothing {
    if (step.kind === 'deny') {
      this.#counters.authFailures++;
      this.#refuse('authentication-failed', step.reason);
      return nothing;
    }
    const size = Buffer.alloc(4);
    size.writeInt32BE(step.message.length);
    return Buffer.concat([size, step.message]);
  }

  /** KIP-511: version 0, which every client reads, with the versions of ApiVersions itself. */
  #answerUnsupportedApiVersions(header: RequestHeader): void {
    const request = this.#pipeline.admit(this, header, 0, performance.now());
    const response = unsupportedVersionsResponse(this.table);
    request.refused(response.errorCode, `ApiVersions v${header.apiVersion} is answered with v0`);
    this.#pipeline.settle(request, encodeResponse(apiVersionsApi, { ...header, apiVersion: 0 }, response));
  }

  #bind(principal: Principal): void {
    this.#sessions.watch(this, principal, this.sasl.endsAtMs);
    const tenant = principal.tenant.name;
    // A renewal keeps tenant and user.
    const isRenewed = this.#countedTenant === tenant && this.quota?.user === principal.user;
    if (isRenewed || !this.#countConnection(principal)) return;
    this.#countTenant(tenant);
    this.#pipeline.bind(tenant, this.quota!);
    this.decoder.authenticated();
    this.link.authenticated();
  }

  /** False: there are as many as there may be. The client comes again later; Kafka has no word for this. */
  #countConnection({ tenant, user }: Principal): boolean {
    this.quota?.close();
    this.quota = this.gateway.limits.open({ tenant, user, clientId: this.#clientId });
    const refusal = this.quota.connect();
    if (refusal === undefined) return true;
    const message = refusal === 'connections' ? 'too many connections' : 'connections come too fast';
    this.#refuse('quota-exceeded', `${message} for what the tenant or the client may have`);
    return false;
  }

  /** Not before the first request that needs to know: an anonymous client may still say who it is. */
  #identify(): void {
    const { principal } = this.sasl;
    if (principal === undefined) return;
    this.#identified = true;
    this.log.identify({ tenant: principal.tenant.name, user: principal.user });
  }

  #countTenant(tenant: string | undefined): void {
    const { metrics } = this.gateway;
    if (this.#countedTenant !== undefined) metrics.tenant('kafka', this.#countedTenant).connectionsOpen--;
    if (tenant !== undefined) metrics.tenant('kafka', tenant).connectionsOpen++;
    this.#countedTenant = tenant;
  }

  revoked(end: EndOfIdentity): void {
    if (end === 'tenant') this.#refuse('tenant-removed', 'the tenant of the connection was removed');
    else this.#refuse('identity-revoked', 'the user of the connection was removed or changed');
  }

  sessionEnded(nowMs: number): boolean {
    const busy = this.sasl.state === 'renewing' || this.#pipeline.size > 0;
    if (busy && nowMs < this.sasl.endsAtMs + sessionGraceMs) return true;
    this.log.debug('connection.ended', 'the session has ended and was not renewed');
    this.#close('session-ended');
    return false;
  }

  #refuse(reason: string, message: string): void {
    this.gateway.metrics.errors('kafka', reason).inc();
    this.fault(reason, message);
  }

  #close(reason: string): void {
    this.link.close(reason);
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sessions.forget(this);
    this.#countTenant(undefined);
    this.quota?.close();
    this.#pipeline.close();
    this.decoder.release();
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
    this.#drainListeners.clear();
  }
}
