import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import {
  apiVersionsApi,
  ByteReader,
  decodeRequestHeader,
  encodeResponseFrame,
  KafkaDecodeError,
  KafkaFrameDecoder,
  produceApi,
  type RequestHeader,
} from '#libs/kafka-codec';
import type { ConnectionLog, ProtocolCounters } from '#libs/telemetry';
import type { Link, ProtocolConnection } from '#libs/transport';
import type { ApiTable } from './api-table.js';
import { CountedDecoder, type PartialFrames } from './connection/partial-frames.js';
import type { ProcessBudget } from './connection/process-budget.js';
import { type KafkaRequest, nothing, type ResponseBytes } from './connection/request.js';
import { RequestPipeline } from './connection/request-pipeline.js';
import { SaslExchange } from './connection/sasl-exchange.js';
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

/** What a raw SASL frame is answered with: the mechanism's token, which PLAIN does not have, behind its size. */
const rawTokenAccepted = Buffer.alloc(4);

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
}

/**
 * One client. Decides which handler serves a frame and nothing else: what a request means is the handler's business,
 * who the client is SaslExchange's, and the order and number of requests in flight RequestPipeline's.
 */
export class KafkaConnection implements ProtocolConnection<Buffer>, ConnectionState {
  readonly decoder: CountedDecoder;
  readonly sasl: SaslExchange;
  readonly log: ConnectionLog;
  readonly #pipeline: RequestPipeline;
  readonly #counters: ProtocolCounters;
  readonly #closeListeners = new Set<() => void>();
  readonly #drainListeners = new Set<() => void>();
  #countedTenant: string | undefined;
  #identified = false;
  #closed = false;
  #draining = false;

  constructor(
    readonly link: Link,
    private readonly table: ApiTable,
    private readonly gateway: GatewayServices,
    { requests, partialFrames }: ProcessLimits,
  ) {
    const { options, authenticator, metrics } = gateway;
    this.log = link.log;
    this.#counters = metrics.protocol('kafka');
    const { frameBytesMaxBeforeAuthentication, frameBytesMax } = options;
    const frames = new KafkaFrameDecoder(frameBytesMaxBeforeAuthentication, frameBytesMax);
    this.decoder = new CountedDecoder(frames, partialFrames);
    this.#pipeline = new RequestPipeline(link, gateway, requests, () => this.#close('refused'));
    const { remoteAddress, network } = link.peer;
    this.sasl = new SaslExchange({
      peer: { listener: link.listener.name, remoteAddress, network },
      authenticator,
      onAuthenticated: (principal) => {
        this.#counters.authSuccesses++;
        this.#bind(principal);
      },
    });
    if (this.sasl.principal !== undefined) this.#bind(this.sasl.principal);
  }

  onFrame(frame: Buffer): void {
    if (this.#closed) return;
    if (this.sasl.state === 'raw') this.#startRawToken(frame);
    else this.#dispatch(frame);
  }

  #dispatch(frame: Buffer): void {
    const reader = new ByteReader(frame);
    try {
      const header = decodeRequestHeader(reader);
      const handler = this.#handlerOf(header);
      if (handler === undefined) return;
      const body = handler.api.decodeRequest(reader, header.apiVersion);
      const heldBytes = handler.api === produceApi ? frame.length : frame.length * decodedGrowth;
      this.#route(this.#pipeline.admit(this, header, heldBytes), handler, body, frame);
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
  #handlerOf(header: RequestHeader): AnyApiHandler | undefined {
    const { apiKey, apiVersion } = header;
    const handler = this.table.find(apiKey);
    if (handler === undefined) {
      this.#refuse('unsupported-api', `API key ${apiKey} is not served`);
      return undefined;
    }
    if (!this.sasl.admits(apiKey)) {
      this.#counters.authFailures++;
      this.#refuse(
        'illegal-sasl-state',
        `${handler.api.name} is not allowed before authentication is complete`,
      );
      return undefined;
    }
    if (!this.#identified && this.sasl.state === 'authenticated') this.#identify();
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
    try {
      const response = handler.handle(body, request);
      if (!(response instanceof Promise)) this.#answer(request, handler, response);
      else {
        response
          .then((value) => this.#answer(request, handler, value))
          .catch((error) => this.#failed(request, error));
      }
    } catch (error) {
      this.#failed(request, error);
    }
  }

  #answer(request: KafkaRequest, handler: AnyApiHandler, response: unknown): void {
    const { apiVersion, correlationId } = request.header;
    const { api } = handler;
    let answer: ResponseBytes | typeof nothing = nothing;
    if (response !== noResponse) {
      answer = encodeResponseFrame(correlationId, api.key, apiVersion, (writer) =>
        api.encodeResponse(writer, response, apiVersion),
      );
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
    const request = this.#pipeline.admit(this, rawTokenHeader, token.length);
    this.sasl.authenticate(token).then(
      (why) => {
        if (why !== undefined) {
          this.#counters.authFailures++;
          this.#refuse('authentication-failed', why);
        }
        this.#pipeline.settle(request, why === undefined ? Buffer.from(rawTokenAccepted) : nothing);
      },
      (error) => this.#failed(request, error),
    );
  }

  /** KIP-511: version 0, which every client reads, with the versions of ApiVersions itself. */
  #answerUnsupportedApiVersions(header: RequestHeader): void {
    const request = this.#pipeline.admit(this, header, 0);
    const response = unsupportedVersionsResponse(this.table);
    request.refused(response.errorCode, `ApiVersions v${header.apiVersion} is answered with v0`);
    const frame = encodeResponseFrame(header.correlationId, apiVersionsApi.key, 0, (writer) =>
      apiVersionsApi.encodeResponse(writer, response, 0),
    );
    this.#pipeline.settle(request, frame);
  }

  #bind(principal: Principal): void {
    this.#countTenant(principal.tenant.name);
    this.#pipeline.bind(principal.tenant.name);
    this.decoder.authenticated();
    this.link.authenticated();
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
    this.#countTenant(undefined);
    this.#pipeline.close();
    this.decoder.release();
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
    this.#drainListeners.clear();
  }
}

/** Of a frame that was decoded before. */
function decodeBody(handler: AnyApiHandler, frame: Buffer): unknown {
  const reader = new ByteReader(frame);
  const { apiVersion } = decodeRequestHeader(reader);
  return handler.api.decodeRequest(reader, apiVersion);
}
