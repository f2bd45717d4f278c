import type { MqttPacket, MqttProtocolLevel } from '#libs/mqtt-codec';
import type { TenantCounters } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { Link } from '#libs/transport';
import type { MqttAuthentication } from '../authentication/mqtt-authentication.js';
import type { MqttError } from '../mqtt.errors.js';
import type { MqttServices } from '../mqtt.services.js';
import type { RetainedReplay } from '../retained/retained-replay.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { InboundAliases } from '../session/topic-aliases.js';
import type { TenantTraffic } from '../system-topics/tenant-traffic.js';
import type { InboundWindow } from './inbound-window.js';
import type { MqttIdentity } from './mqtt-identity.js';
import type { ReadingPauses } from './reading-pauses.js';
import type { SubscriptionRoom } from './subscription-room.js';

/** A client whose CONNECT was accepted, as handlers see it. */
export interface MqttClient {
  readonly services: MqttServices;
  readonly link: Link;
  readonly level: MqttProtocolLevel;
  readonly clientId: string;
  readonly tenant: Tenant;
  readonly session: MqttSession;
  readonly inbound: InboundWindow;
  readonly pauses: ReadingPauses;
  /** Topic aliases that the client has set; made when the first comes. */
  readonly aliases: InboundAliases;
  /** For subscriptions; made when it is first asked for. */
  readonly room: SubscriptionRoom;
  /** Gives the session what is retained; made with the first subscription of this connection. */
  readonly replay: RetainedReplay;
  readonly authentication: MqttAuthentication;
  /** Another one after a re-authentication. */
  readonly identity: MqttIdentity;
  readonly counters: TenantCounters;
  readonly traffic: TenantTraffic;
  /** Session expiry of CONNECT, as it was granted. */
  readonly sessionExpirySeconds: number;
  readonly closed: boolean;
  /** Reason string and user properties are left out where the client wants none or has no room for them. */
  send(packet: MqttPacket): void;
  /** DISCONNECT with the reason (MQTT 5), then the end: with the will. */
  refuse(error: MqttError): void;
  /** The client has sent DISCONNECT. */
  disconnected(how: { readonly normal: boolean; readonly sessionExpirySeconds?: number | undefined }): void;
  /** A refusal that an answer carries: a line in the log and a count. */
  refused(error: MqttError, topic?: string): void;
  /** It has no permission: counted, and recorded. */
  denied(action: 'produce' | 'consume', name: string): void;
  /** 0x97: the tenant publishes more than it may. Charges the message otherwise. */
  admitPublish(bytes: number): MqttError | undefined;
  /** Who it is was proven again. */
  renewed(): void;
}
