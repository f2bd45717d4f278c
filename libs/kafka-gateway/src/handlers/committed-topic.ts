import type { Buffer } from 'node:buffer';
import { type Action, topicNameFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';

/** One topic of an offset request: known, or refused with a code that stands for all its partitions. */
export interface CommittedTopic {
  readonly name: string;
  /** Undefined: there is none, or it could not be looked up (`unreachable`). */
  readonly topic: KafkaTopic | undefined;
  readonly code: number;
  /** Pulsar did not say whether there is such a topic. */
  readonly unreachable: boolean;
}

interface Named {
  readonly name: string;
  readonly topicId: Buffer;
}

/** Pulsar has to be asked. */
type LookUp = () => Promise<CommittedTopic>;

const none = KafkaErrorCode.NONE;

/**
 * Looks up the topics of an offset request, after asking whether the principal may; by id where `byId`. At once where all
 * are known; else a few at a time, since all requests to Pulsar's REST wait behind each other. Never rejects.
 */
export function committedTopics(
  asked: readonly Named[],
  action: Action,
  byId: boolean,
  context: RequestContext,
): CommittedTopic[] | Promise<CommittedTopic[]> {
  const found = asked.map((each) =>
    byId ? topicOfId(each.topicId, action, context) : topicOfName(each.name, action, context),
  );
  if (found.every((each) => typeof each !== 'function')) return found;
  return boundedParallel(found, lookupsParallelMax, async (each) =>
    typeof each === 'function' ? each() : each,
  );
}

function topicOfName(name: string, action: Action, context: RequestContext): CommittedTopic | LookUp {
  const { gateway, principal } = context;
  if (topicNameFault(name) !== undefined) return refused(name, KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (!new TopicAuthorization(context).may(action, name)) {
    context.refused(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, `no permission to ${action} the topic`, name);
    return refused(name, KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
  }
  try {
    const topic = gateway.topics.known(principal.tenant, name);
    if (topic !== undefined) return { name, topic, code: none, unreachable: false };
  } catch (error) {
    return failed(name, error);
  }
  return () =>
    gateway.topics.resolve(principal.tenant, name).then(
      (topic) =>
        topic === undefined
          ? refused(name, KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
          : { name, topic, code: none, unreachable: false },
      (error: unknown) => failed(name, error),
    );
}

function topicOfId(id: Buffer, action: Action, context: RequestContext): CommittedTopic | LookUp {
  const { gateway, principal } = context;
  const judge = (topic: KafkaTopic | undefined): CommittedTopic => {
    if (topic === undefined) return refused('', KafkaErrorCode.UNKNOWN_TOPIC_ID);
    const { name } = topic;
    if (!new TopicAuthorization(context).may(action, name)) {
      context.refused(
        KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
        `no permission to ${action} the topic`,
        name,
      );
      return refused(name, KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
    }
    return { name, topic, code: none, unreachable: false };
  };
  try {
    const topic = gateway.topics.knownById(principal.tenant, id);
    if (topic !== undefined) return judge(topic);
  } catch (error) {
    return failed('', error);
  }
  return () =>
    gateway.topics.resolveId(principal.tenant, id).then(judge, (error: unknown) => failed('', error));
}

function refused(name: string, code: number): CommittedTopic {
  return { name, topic: undefined, code, unreachable: false };
}

/** Codes of the topic itself stay; for the rest the client is to ask again, which for offsets is said in this way. */
function failed(name: string, error: unknown): CommittedTopic {
  const code = kafkaErrorCode(error);
  const final = error instanceof KafkaError && code !== KafkaErrorCode.LEADER_NOT_AVAILABLE;
  if (final) return refused(name, code);
  return { name, topic: undefined, code: KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, unreachable: true };
}
