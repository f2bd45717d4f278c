import {
  KafkaErrorCode,
  type ProduceRequest,
  type ProduceRequestTopicProduceData,
  type ProduceResponse,
  produceApi,
} from '#libs/kafka-codec';
import {
  type ApiHandler,
  type ConnectionState,
  type NoResponse,
  noResponse,
  type RequestContext,
} from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { ProduceCall, type ResolvedTopic } from './produce-call.js';

/**
 * Produce v0-13, acks 0, 1 and all (which are the same here: Pulsar confirms what is replicated). One record batch of
 * one partition becomes one Pulsar entry; the answer waits for the receipts of all of them and for their offsets.
 *
 * Batches go out in the order in which the connection brought them. A request whose topics have to be looked up holds up
 * those behind it on its connection.
 */
export const produceHandler: ApiHandler<ProduceRequest, ProduceResponse> = {
  api: produceApi,
  versionMin: 0,
  versionMax: 13,
  handle(request, context) {
    const call = new ProduceCall(request, context);
    const refusal = requestFault(request) ?? overQuota(context);
    if (refusal !== undefined) call.refuse(refusal);
    else startInTurn(call, request, context);
    return request.acks === 0 ? withoutAnswer(call, context) : call.answer;
  },
};

/** What is wrong with the whole request; then all partitions are told so. */
function requestFault(request: ProduceRequest): KafkaError | undefined {
  if (request.acks < -1 || request.acks > 1) {
    return new KafkaError(KafkaErrorCode.INVALID_REQUIRED_ACKS, `acks ${request.acks}`);
  }
  if (request.transactionalId !== null) {
    return new KafkaError(
      KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      'transactions are not served',
    );
  }
  return undefined;
}

/**
 * While all that share a limit owe too much, nothing more is taken: it could not be paid for by waiting, for clients give up
 * what takes too long. Nobody who is alone comes here. It is an error that clients try again after.
 */
function overQuota(context: RequestContext): KafkaError | undefined {
  const { quota } = context.connection;
  if (quota?.limitsIn !== true) return undefined;
  if (!quota.refusesIn) return undefined;
  context.throttle(quota.owedInMs());
  return new KafkaError(
    KafkaErrorCode.THROTTLING_QUOTA_EXCEEDED,
    'more is produced than may be, by all clients together',
  );
}

/** With acks=0 nothing is answered; the client learns of a failure by the end of its connection, as in Kafka. */
async function withoutAnswer(call: ProduceCall, context: RequestContext): Promise<NoResponse> {
  await call.answer;
  if (call.failed) context.closeAfterwards = true;
  return noResponse;
}

/** The last request of a connection whose turn has not come. */
const lastTurns = new WeakMap<ConnectionState, Promise<unknown>>();

/** Starts the call when its topics are known and all earlier requests of the connection were started: mostly now. */
function startInTurn(call: ProduceCall, request: ProduceRequest, context: RequestContext): void {
  const { connection } = context;
  const before = lastTurns.get(connection);
  const known = before === undefined ? knownTopics(request, context) : undefined;
  if (known !== undefined) {
    call.start(known);
    return;
  }
  const topics = Promise.all(request.topicData.map((data) => resolveTopic(data, context)));
  const turn = (before === undefined ? topics : Promise.all([topics, before]).then(() => topics)).then(
    // The permission may have been taken back while it waited.
    (resolved) => call.start(resolved.map((topic) => stillAllowed(topic, context))),
  );
  lastTurns.set(connection, turn);
  const done = () => {
    if (lastTurns.get(connection) === turn) lastTurns.delete(connection);
  };
  turn.then(done, done);
}

/** All topics of the request, when nothing has to be asked and nothing is refused; else undefined. */
function knownTopics(request: ProduceRequest, context: RequestContext): KafkaTopic[] | undefined {
  const { gateway, principal, header } = context;
  const byId = header.apiVersion >= 13;
  const topics: KafkaTopic[] = [];
  for (const { name, topicId } of request.topicData) {
    try {
      const topic = byId
        ? gateway.topics.knownById(principal.tenant, topicId)
        : gateway.topics.known(principal.tenant, name);
      if (topic === undefined || !mayProduce(topic.name, context)) return undefined;
      topics.push(topic);
    } catch {
      // The tenant is refused: told where the answer is made.
      return undefined;
    }
  }
  return topics;
}

/** Permission comes first: without it nobody learns whether the topic exists. */
async function resolveTopic(
  data: ProduceRequestTopicProduceData,
  context: RequestContext,
): Promise<ResolvedTopic> {
  const { gateway, principal, header } = context;
  const { tenant } = principal;
  const byId = header.apiVersion >= 13;
  try {
    if (!byId && !mayProduce(data.name, context)) return notAuthorized(data.name);
    const topic = await (byId
      ? gateway.topics.resolveId(tenant, data.topicId)
      : gateway.topics.resolve(tenant, data.name));
    if (topic === undefined) return unknownTopic(byId);
    if (byId && !mayProduce(topic.name, context)) return notAuthorized(topic.name);
    return topic;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function stillAllowed(topic: ResolvedTopic, context: RequestContext): ResolvedTopic {
  return topic instanceof Error || mayProduce(topic.name, context) ? topic : notAuthorized(topic.name);
}

function mayProduce(name: string, context: RequestContext): boolean {
  return context.authorize('produce', { type: 'topic', name });
}

function notAuthorized(name: string): KafkaError {
  return new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, `no permission to produce to ${name}`);
}

function unknownTopic(byId: boolean): KafkaError {
  return byId
    ? new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_ID, 'no topic has this id')
    : new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
}
