import { type ScramMechanism, type ScramUsers, scramMechanisms } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';

/** Kafka's numbers (KIP-554): 1 and 2. */
export function scramMechanismOf(type: number): ScramMechanism | undefined {
  return scramMechanisms[type - 1];
}

export function scramMechanismType(mechanism: ScramMechanism): number {
  return scramMechanisms.indexOf(mechanism) + 1;
}

/** @throws KafkaError SECURITY_DISABLED where nothing is kept that could be listed or changed */
export function scramUsersOf({ gateway }: RequestContext): ScramUsers {
  if (gateway.security === undefined) {
    throw new KafkaError(KafkaErrorCode.SECURITY_DISABLED, 'this gateway keeps no credentials');
  }
  return gateway.security.scram;
}
