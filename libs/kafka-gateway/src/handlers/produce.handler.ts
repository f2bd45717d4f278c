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
    const refusal = requestFault(request);
    if (refusal !== undefined) call.refuse(refusal);
    else inTurn(context.connection, resolveTopics(request, context), (topics) => call.start(topics));
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

/** With acks=0 nothing is answered; the client learns of a failure by the end of its connection, as in Kafka. */
async function withoutAnswer(call: ProduceCall, context: RequestContext): Promise<NoResponse> {
  await call.answer;
  if (call.failed) context.closeAfterwards = true;
  return noResponse;
}

/** The last request of a connection whose turn has not come. */
const lastTurns = new WeakMap<ConnectionState, Promise<unknown>>();

/** Runs `start` when `input` is there and all earlier requests of the connection were started. */
function inTurn<T>(connection: ConnectionState, input: Promise<T>, start: (input: T) => void): void {
  const before = lastTurns.get(connection);
  const turn = (before === undefined ? input : Promise.all([input, before]).then(() => input)).then(start);
  lastTurns.set(connection, turn);
  const done = () => {
    if (lastTurns.get(connection) === turn) lastTurns.delete(connection);
  };
  turn.then(done, done);
}

/** Never rejects. */
function resolveTopics(request: ProduceRequest, context: RequestContext): Promise<ResolvedTopic[]> {
  return Promise.all(request.topicData.map((data) => resolveTopic(data, context)));
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

function mayProduce(name: string, { gateway, principal }: RequestContext): boolean {
  return gateway.authorizer.authorize(principal, 'produce', { type: 'topic', name });
}

function notAuthorized(name: string): KafkaError {
  return new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, `no permission to produce to ${name}`);
}

function unknownTopic(byId: boolean): KafkaError {
  return byId
    ? new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_ID, 'no topic has this id')
    : new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
}
