import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { MqttPropertiesOf } from '#libs/mqtt-codec';
import type { TenantDirectory } from '#libs/tenancy';
import type { ListenerInfo, PeerInfo } from '#libs/transport';

/** The kind of MQTT's splices. */
export const spliceKind = 'mqtt';
/** The request to send a client away whose gateway stops; its payload is the id of the client's link. */
export const drainKind = 'mqtt-drain';

/** What the gateway that a client connected to tells the one that has its session; the client's CONNECT follows. */
export interface SplicedClient {
  /** Of the link there. */
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  /** Who it has proved to be. */
  readonly principal: Principal;
  /** When that ends, milliseconds since 1970; undefined: it does not. */
  readonly endsAtMs: number | undefined;
  /** As CONNECT has it, or as it was assigned. */
  readonly clientId: string;
  readonly assigned: boolean;
  /** What CONNACK says of how it was proved. */
  readonly authentication: Pick<MqttPropertiesOf<'connack'>, 'authenticationMethod' | 'authenticationData'>;
}

interface HeaderJson {
  readonly id: string;
  readonly peer: PeerInfo;
  readonly listener: ListenerInfo;
  readonly principal: Omit<Principal, 'tenant'> & { readonly tenant: string };
  readonly endsAtMs?: number;
  readonly clientId: string;
  readonly assigned: boolean;
  readonly method?: string;
  readonly data?: string;
}

/** The client's certificate stays behind: it has served. */
export function encodeSpliceHeader(client: SplicedClient): Buffer {
  const { id, listener, principal, endsAtMs, clientId, assigned, authentication } = client;
  const { certificate: _, ...peer } = client.peer;
  const { authenticationMethod, authenticationData } = authentication;
  const header: HeaderJson = {
    ...{ id, peer, listener, clientId, assigned },
    principal: { ...principal, tenant: principal.tenant.name },
    ...(endsAtMs !== undefined && { endsAtMs }),
    ...(authenticationMethod !== undefined && { method: authenticationMethod }),
    ...(authenticationData !== undefined && { data: authenticationData.toString('base64') }),
  };
  return Buffer.from(JSON.stringify(header));
}

/** @throws Error when it names a tenant that is not there, or is none */
export function decodeSpliceHeader(bytes: Buffer, tenants: TenantDirectory): SplicedClient {
  const header = JSON.parse(bytes.toString('utf8')) as HeaderJson;
  const { id, peer, listener, principal, endsAtMs, clientId, assigned, method, data } = header;
  const tenant = tenants.byName(principal.tenant);
  if (tenant === undefined) throw new Error('a connection of a tenant that is not configured here');
  return {
    ...{ id, peer, listener, endsAtMs, clientId, assigned },
    principal: { ...principal, tenant },
    authentication: {
      ...(method !== undefined && { authenticationMethod: method }),
      ...(data !== undefined && { authenticationData: Buffer.from(data, 'base64') }),
    },
  };
}
