import type { Principal } from '#libs/auth';
import type { AuthPacket, ConnectPacket } from '#libs/mqtt-codec';
import type { QuotaHandle } from '#libs/rate-limit';
import type { Link } from '#libs/transport';
import type { MqttAuthentication, MqttAuthStep } from '../authentication/mqtt-authentication.js';
import type { MqttServices } from '../mqtt.services.js';
import type { ConnectedClient, MqttWill, SessionOpening } from '../session/session-directory.js';
import type { CarriedClient, ServedConnect } from '../splicing/carried-client.js';
import type { SplicedClient } from '../splicing/splice-header.js';
import type { MqttIdentity } from './mqtt-identity.js';

/** A CONNECT on its way, filled in by one step after the other. */
export interface ConnectAttempt {
  readonly connect: ConnectPacket;
  readonly link: Link;
  readonly services: MqttServices;
  readonly authentication: MqttAuthentication;
  readonly client: ConnectedClient;
  /** It comes from another gateway, which has authenticated it. */
  readonly spliced: SplicedClient | undefined;
  /** Sends AUTH and gives the client's answer; rejects when it is another packet. */
  ask(packet: AuthPacket): Promise<AuthPacket>;
  /** Carries the client on to the gateway that has its session; rejects with PeerUnavailable. */
  carry(nodeId: number): Promise<CarriedClient>;
  /** The client has left meanwhile. */
  isGone(): boolean;
  principal?: Principal;
  authenticated: Extract<MqttAuthStep, { kind: 'allow' }>['properties'];
  clientId: string;
  assigned: boolean;
  identity?: MqttIdentity;
  /** To be closed with the connection. */
  quota?: QuotaHandle;
  will: MqttWill | undefined;
  sessionExpirySeconds: number;
  keepAliveSeconds: number;
  opening?: SessionOpening;
  /** Where the session is elsewhere. */
  carried?: CarriedClient;
}

/** What the gateway that has the session is told of an attempt that was served up to there. */
export function servedConnect(attempt: ConnectAttempt): ServedConnect {
  const { connect, link, principal, authentication, clientId, assigned, authenticated } = attempt;
  const { id, peer, listener } = link;
  const leftMs = authentication.endsAtMs - performance.now();
  const endsAtMs = leftMs === Number.POSITIVE_INFINITY ? undefined : Math.round(Date.now() + leftMs);
  return {
    connect,
    client: {
      ...{ id, peer, listener, endsAtMs, clientId, assigned },
      principal: principal!,
      authentication: authenticated,
    },
    certifiedUntilMs: authentication.certifiedUntilMs,
  };
}
