import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';

/** Kafka's ConfigResource.Type, as far as there is such a thing here. */
export const configResourceType = { topic: 2, broker: 4 } as const;

export function unknownResourceType(type: number): KafkaError {
  return new KafkaError(
    KafkaErrorCode.INVALID_REQUEST,
    `configurations are those of topics (2) and brokers (4), not of resource type ${type}`,
  );
}

/** @throws KafkaError INVALID_REQUEST: each broker answers for itself, and clients ask it by its own connection */
export function requireOwnBroker(name: string, nodeId: number): void {
  if (name === String(nodeId)) return;
  throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, `this is broker ${nodeId}, not ${name.slice(0, 100)}`);
}
