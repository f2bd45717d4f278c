import { Buffer } from 'node:buffer';
import type { Forwarder } from '#libs/cluster';
import { ByteReader, decodeRequestHeader, encodeResponse } from '#libs/kafka-codec';
import type { ConnectionLog } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { Link } from '#libs/transport';
import type { ApiTable } from '../api-table.js';
import type { ProcessBudget } from '../connection/process-budget.js';
import { KafkaRequest } from '../connection/request.js';
import { type ConnectionState, type GatewayServices, noResponse, type RequestContext } from '../handler.js';
import {
  decodeForwarded,
  encodeForwarded,
  ForwardedLogs,
  ForwardedPrincipals,
  forwardedId,
  originOf,
  type RequestOrigin,
} from './forwarded-request.js';
import { loadingGroups } from './loading-groups.js';

const kind = 'kafka';
/** A JoinGroup waits for as long as its group's rebalance may take, which is minutes. */
const answerTimeoutMs = 1_800_000;

/** Sends a request on as it came. Resolves with the whole response. @throws PeerUnavailable */
export async function forwardRequest(
  nodeId: number,
  frame: Buffer,
  request: RequestContext,
): Promise<Buffer> {
  const { connection, principal, gateway } = request;
  const gone = new AbortController();
  const forget = connection.whenClosed(() => gone.abort());
  try {
    const payload = encodeForwarded(originOf(connection, principal), frame);
    return await gateway.cluster.forwarding.request(nodeId, kind, payload, answerTimeoutMs, gone.signal);
  } finally {
    forget();
  }
}

/** The client's own gateway slows it. */
const unhosted = { recounted: () => {}, throttled: () => {} };

/** Serves what other gateways send on, as the principal that asked there; it is not sent on again. */
export function serveForwarded(
  gateway: GatewayServices,
  table: () => ApiTable,
  tenants: TenantDirectory,
  budget: ProcessBudget,
): void {
  const principals = new ForwardedPrincipals(tenants);
  const logs = new ForwardedLogs(gateway.log);
  gateway.cluster.forwarding.serve(kind, async (payload, from) => {
    const { origin, frame } = decodeForwarded(payload);
    const reader = new ByteReader(frame);
    const header = decodeRequestHeader(reader);
    const { apiKey, apiVersion } = header;
    const handler = table().find(apiKey);
    if (handler === undefined || apiVersion < handler.versionMin || apiVersion > handler.versionMax) {
      throw new Error(`API key ${apiKey} v${apiVersion} is not served here`);
    }
    const { api } = handler;
    const body = api.decodeRequest(reader, apiVersion);
    const principal = principals.principal(origin);
    const connection = forwardedConnection(origin, principal, logs.of(origin, from.nodeId), from, gateway);
    const now = performance.now();
    const request = new KafkaRequest(connection, gateway, header, payload.length, now, budget, unhosted);
    budget.add(request.bytes);
    try {
      await loadingGroups(request, body);
      const response = await handler.handle(body, request);
      // Its rules went first: the answer may deny what is allowed where the client is.
      if (!tenants.has(principal.tenant)) throw new Error(`the tenant ${origin.tenant} was removed here`);
      if (response === noResponse) return Buffer.alloc(0);
      const bytes = encodeResponse(api, header, response);
      return Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes);
    } finally {
      budget.remove(request.bytes);
    }
  });
}

/** The client's connection is elsewhere: what is left of it here is who and where the client is, and that it may go. */
function forwardedConnection(
  origin: RequestOrigin,
  principal: ConnectionState['sasl']['principal'],
  log: ConnectionLog,
  from: Forwarder,
  gateway: GatewayServices,
): ConnectionState {
  const { listener: name, remoteAddress, remotePort } = origin;
  const id = forwardedId(from.nodeId);
  let closed = false;
  from.whenGone(() => {
    closed = true;
  });
  const elsewhere = () => {
    throw new Error('the connection is at another gateway');
  };
  const own = gateway.cluster.self.listeners.find((each) => each.name === name);
  const { host = '', port = 0, tls = false } = own ?? {};
  const link: Link = {
    id,
    log,
    peer: { remoteAddress, remotePort, network: remoteAddress, tls },
    listener: { name, protocol: kind, host, port, advertisedHost: host, advertisedPort: port, tls },
    sendBufferedBytes: 0,
    send: elsewhere,
    pause() {},
    resume() {},
    authenticated() {},
    close() {},
  };
  return {
    link,
    log,
    sasl: {
      state: 'authenticated',
      stepwise: false,
      principal,
      mechanisms: [],
      handshake: elsewhere,
      authenticate: elsewhere,
    },
    get closed() {
      return closed;
    },
    whenClosed: (listener) => from.whenGone(listener),
    // Who waits here is told when the group is handed over.
    whenDraining: () => () => {},
    fault: (reason, message) => log.fault(reason, message),
  };
}
