import type { Buffer } from 'node:buffer';

/** RFC 5802, RFC 7677: what both sides hash with. */
export const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type ScramMechanism = (typeof scramMechanisms)[number];

/** Fewer are refused, more would make each log-in costly: Kafka's bounds. */
export const scramIterations = { min: 4_096, max: 16_384 } as const;

/** What a gateway keeps of a password: enough to verify it, not to log in with. */
export interface ScramCredential {
  readonly mechanism: ScramMechanism;
  /** Within `scramIterations`. */
  readonly iterations: number;
  readonly salt: Buffer;
  /** H(ClientKey), as long as the hash. */
  readonly storedKey: Buffer;
  /** As long as the hash. */
  readonly serverKey: Buffer;
}

/** SCRAM verifiers by tenant and user; the users' file and the tenant's state both give them. */
export interface ScramCredentialSource {
  /** @throws SecurityStateError when it cannot be said now whether there is one: the client is to try again */
  scramCredential(tenant: string, user: string, mechanism: ScramMechanism): ScramCredential | undefined;
  /** All of a mechanism: users that do not exist look as most of these do. */
  scramCredentials?(mechanism: ScramMechanism): Iterable<ScramCredential>;
  /** Calls back for each user whose credential was made, changed or removed. Returns the way to cancel. */
  onChange?(listener: (tenant: string, user: string) => void): () => void;
}
