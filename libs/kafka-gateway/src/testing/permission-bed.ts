import { type AuthorizationRule } from '#libs/auth';
import { createTopicsApi, encodeRecordBatch } from '#libs/kafka-codec';
import { type Front, GatewayBed } from './gateway-bed.js';
import type { KafkaClient } from './kafka-client.js';

// A gateway before a real Pulsar whose permissions a test changes as it goes.

export const topic = 'orders';
export const group = 'readers';
export const timeoutMs = 10_000;

type Actions = AuthorizationRule['actions'];
export type TestRule = Pick<AuthorizationRule, 'actions' | 'effect' | 'resource'>;

/** For everything of the type. */
export const on = (type: AuthorizationRule['resource']['type'], ...actions: Actions[number][]): TestRule => ({
  actions,
  resource: { type, match: 'prefix', name: '' },
});

export class PermissionBed {
  private constructor(
    readonly bed: GatewayBed,
    readonly front: Front,
    readonly kafka: KafkaClient,
    readonly topicId: Buffer,
  ) {}

  /** With one topic of one partition. */
  static async start(): Promise<PermissionBed> {
    const bed = await GatewayBed.start();
    const front = bed.front(1);
    const kafka = front.client();
    const topics = [{ name: topic, numPartitions: 1, replicationFactor: 1 }];
    const created = await kafka.call(createTopicsApi, 7, { topics, timeoutMs });
    return new PermissionBed(bed, front, kafka, created.topics[0]!.topicId);
  }

  /** From here on this is allowed to everybody, and nothing else. */
  readonly only = (...rules: TestRule[]): void => {
    const { authorizer } = this.front.protocol.services;
    authorizer.setRules(
      'acme',
      'config',
      rules.map((rule) => ({ principals: ['*'], ...rule })),
    );
  };

  pulsarTopic(name: string): string {
    return `persistent://${this.bed.tenant.pulsarNamespace}/${name}`;
  }
}

/** The codes of errors in an answer, wherever they stand. */
export function codesIn(answer: unknown): number[] {
  if (Array.isArray(answer)) return answer.flatMap(codesIn);
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return [];
  return Object.entries(answer).flatMap(([name, value]) =>
    name === 'errorCode' && value !== 0 ? [value as number] : codesIn(value),
  );
}

export const produceTo = (name: string) => ({
  ...{ acks: -1, timeoutMs, transactionalId: null },
  topicData: [{ name, partitionData: [{ index: 0, records: oneRecord }] }],
});
export const oneRecord = encodeRecordBatch([{ timestamp: 1, key: null, value: Buffer.from('v') }]);
export const fetchOf = (name: string) => ({
  ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1e6, sessionId: 0, sessionEpoch: -1 },
  topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }] }],
});
export const commitOf = (name: string) => ({
  ...{ groupId: group, memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 },
  topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset: 0, committedMetadata: '' }] }],
});
