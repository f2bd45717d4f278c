import type { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { MqttProtocolLevel, MqttQos } from '#libs/mqtt-codec';
import type { MqttMessageProperties } from '../message.js';
import type { MqttError } from '../mqtt.errors.js';
import type { MqttSession } from './mqtt-session.js';

/** Session expiry of a session that never ends [MQTT-3.1.2.11.2]. */
export const neverExpires = 0xffffffff;

/** What is published when a connection ends without DISCONNECT 0x00. Authorized at CONNECT. */
export interface MqttWill {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: MqttQos;
  readonly retain: boolean;
  readonly properties: MqttMessageProperties;
  /** Counted from when the will is published. */
  readonly messageExpiryIntervalSeconds: number | undefined;
  /** It is published after this time, or when the session ends if that is sooner [MQTT-3.1.3-9]. */
  readonly willDelayIntervalSeconds: number;
}

/** The connection of a session, as its owner sees it. */
export interface ConnectedClient {
  /** Unique over all gateways. */
  readonly id: string;
  /** Another connection came with the client id: DISCONNECT 0x8E, close. `close` of its opening is still called, once. */
  takenOver(): void;
  /** The session is lost here: another gateway has it, or Pulsar is away for too long. DISCONNECT with the reason, close. */
  lost(error: MqttError): void;
}

export interface OpenRequest {
  readonly principal: Principal;
  readonly clientId: string;
  /** The client id was made here: nobody can have it. */
  readonly assigned: boolean;
  readonly cleanStart: boolean;
  /** 0: the session ends with the connection. {@link neverExpires}. Already limited by `sessionExpirySecondsMax`. */
  readonly sessionExpirySeconds: number;
  readonly level: MqttProtocolLevel;
  readonly will: MqttWill | undefined;
  readonly connection: ConnectedClient;
  /** It comes from another gateway, which found that this one owns the session. */
  readonly spliced: boolean;
}

export interface SessionClose {
  /** The client sent DISCONNECT 0x00: the will is discarded. */
  readonly normal: boolean;
  /** From DISCONNECT; undefined: as it was. */
  readonly sessionExpirySeconds?: number | undefined;
  /** The gateway stops: the client will come back elsewhere, the will of a session that goes on waits its delay. */
  readonly shutdown?: boolean;
}

export interface OpenedSession {
  readonly kind: 'opened';
  /** Not attached yet. */
  readonly session: MqttSession;
  readonly sessionPresent: boolean;
  /** Once, when the connection has ended, whoever ended it. The session is detached by it. */
  close(how: SessionClose): void;
}

/** Another gateway owns the session's slice. */
export interface ElsewhereSession {
  readonly kind: 'elsewhere';
  readonly nodeId: number;
}

export type SessionOpening = OpenedSession | ElsewhereSession;

/** Who has which session, over all gateways. */
export interface SessionDirectory {
  /** Rejects with `MqttError`: 0x88 when the slice cannot be had in time, 0x97 over a limit. */
  open(request: OpenRequest): Promise<SessionOpening>;
  /** Sessions are given to other gateways, wills that are due are published; after all connections are closed. */
  close(): Promise<void>;
}
