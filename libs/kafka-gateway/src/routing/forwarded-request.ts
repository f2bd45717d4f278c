import { Buffer } from 'node:buffer';
import type { IdentitySource, Principal } from '#libs/auth';
import { ConnectionLog, type Log } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { ConnectionState } from '../handler.js';

/** Who asked, by which listener and from where: what a request loses on its way to another gateway. */
export interface RequestOrigin {
  readonly tenant: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly anonymous: boolean;
  readonly source: IdentitySource;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const lengthBytes = 4;

export function originOf({ link }: ConnectionState, principal: Principal): RequestOrigin {
  const { tenant, user, groups, anonymous, source } = principal;
  const { remoteAddress, remotePort } = link.peer;
  return {
    tenant: tenant.name,
    user,
    groups,
    anonymous,
    source,
    listener: link.listener.name,
    remoteAddress,
    remotePort,
  };
}

/** `length: UINT32` of the origin, the origin as JSON, the Kafka frame as it came, without its size. */
export function encodeForwarded(origin: RequestOrigin, frame: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(origin));
  const length = Buffer.allocUnsafe(lengthBytes);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, frame]);
}

export function decodeForwarded(payload: Buffer): { origin: RequestOrigin; frame: Buffer } {
  const frameAt = lengthBytes + payload.readUInt32BE();
  const origin = JSON.parse(payload.toString('utf8', lengthBytes, frameAt)) as RequestOrigin;
  return { origin, frame: payload.subarray(frameAt) };
}

/** Principals of forwarded requests; the authorizer remembers its decisions by these objects. */
const principalsMax = 10_000;

/** Gives the same object for the same principal. */
export class ForwardedPrincipals {
  readonly #known = new Map<string, Principal>();

  constructor(private readonly tenants: TenantDirectory) {}

  /** @throws Error when there is no such tenant here */
  principal({ tenant: name, user, groups, anonymous, source }: RequestOrigin): Principal {
    const key = JSON.stringify([name, user, groups, anonymous, source]);
    const tenant = this.tenants.byName(name);
    if (tenant === undefined) throw new Error(`there is no tenant named ${name}`);
    // A tenant that was removed and comes again is the same object.
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= principalsMax) this.#known.clear();
    const principal = { tenant, user, groups, anonymous, source };
    this.#known.set(key, principal);
    return principal;
  }
}

/** Stands for a connection that is at another gateway. */
export function forwardedId(nodeId: number): string {
  return `forwarded-by-${nodeId}`;
}

/** Clients of other gateways whose log lines are remembered. */
const logsMax = 1_000;

/** Gives the same log for the same user: what it is refused is told once, not with each request. */
export class ForwardedLogs {
  readonly #known = new Map<string, ConnectionLog>();

  constructor(private readonly log: Log) {}

  of(origin: RequestOrigin, nodeId: number): ConnectionLog {
    const { tenant, user, listener, remoteAddress, remotePort } = origin;
    const key = JSON.stringify([nodeId, tenant, user, listener, remoteAddress]);
    let log = this.#known.get(key);
    if (log === undefined) {
      if (this.#known.size >= logsMax) this.#known.delete(this.#known.keys().next().value!);
      const identity = { protocol: 'kafka', listener, connectionId: forwardedId(nodeId) };
      log = new ConnectionLog(this.log, { ...identity, remoteAddress, remotePort });
      log.identify(origin);
      this.#known.set(key, log);
    }
    return log;
  }
}
