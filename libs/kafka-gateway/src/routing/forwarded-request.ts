import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { TenantDirectory } from '#libs/tenancy';
import type { ConnectionState } from '../handler.js';

/** Who asked, by which listener and from where: what a request loses on its way to another gateway. */
export interface RequestOrigin {
  readonly tenant: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly anonymous: boolean;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const lengthBytes = 4;

export function originOf({ link }: ConnectionState, principal: Principal): RequestOrigin {
  const { tenant, user, groups, anonymous } = principal;
  const { remoteAddress, remotePort } = link.peer;
  return {
    tenant: tenant.name,
    user,
    groups,
    anonymous,
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
  principal({ tenant: name, user, groups, anonymous }: RequestOrigin): Principal {
    const key = JSON.stringify([name, user, groups, anonymous]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tenant = this.tenants.byName(name);
    if (tenant === undefined) throw new Error(`there is no tenant named ${name}`);
    if (this.#known.size >= principalsMax) this.#known.clear();
    const principal = { tenant, user, groups, anonymous };
    this.#known.set(key, principal);
    return principal;
  }
}
