import type { Principal } from '#libs/auth';
import { type FetchRequest, KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import {
  type FetchPartition,
  type FetchSession,
  finalEpoch,
  initialEpoch,
  nextEpoch,
  noSessionId,
  ownTopic,
  toFetchPartition,
} from './fetch-session.js';
import type { FetchSessionCache } from './fetch-session-cache.js';

/** From here on topics are named by id (KIP-516). */
export const fetchByTopicIdSince = 13;

/** What became of one partition, as far as it decides whether the client is told. */
export interface FetchOutcome {
  readonly asked: FetchPartition;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** Of the records in the answer. */
  readonly bytes: number;
}

/** What one request reads, and which of it goes into the answer. */
export interface FetchContext {
  readonly partitions: readonly FetchPartition[];
  /** To be called once, when the answer is made: gives the session id and the outcomes that it carries. */
  answer<O extends FetchOutcome>(outcomes: readonly O[]): { sessionId: number; told: readonly O[] };
}

/**
 * What a request means, by its session id and epoch (KIP-227).
 *
 * @throws KafkaError FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR
 */
export function fetchContext(
  request: FetchRequest,
  version: number,
  principal: Principal,
  sessions: FetchSessionCache,
): FetchContext {
  const { sessionId, sessionEpoch } = request;
  const byTopicId = version >= fetchByTopicIdSince;
  if (sessionEpoch !== initialEpoch && sessionEpoch !== finalEpoch) {
    return incremental(request, byTopicId, principal, sessions);
  }
  const ended = sessionId === noSessionId ? undefined : sessions.get(sessionId, principal);
  if (ended !== undefined) sessions.remove(ended);
  const partitions = askedPartitions(request);
  if (sessionEpoch === finalEpoch) {
    return { partitions, answer: (told) => ({ sessionId: noSessionId, told }) };
  }
  return {
    partitions,
    answer(told) {
      const session = sessions.create(principal, byTopicId, partitions);
      for (const outcome of told) note(outcome);
      return { sessionId: session?.id ?? noSessionId, told };
    },
  };
}

function askedPartitions({ topics }: FetchRequest): FetchPartition[] {
  const partitions: FetchPartition[] = [];
  for (const topic of topics) {
    const own = ownTopic(topic);
    for (const asked of topic.partitions) partitions.push(toFetchPartition(own, asked));
  }
  return partitions;
}

function incremental(
  request: FetchRequest,
  byTopicId: boolean,
  principal: Principal,
  sessions: FetchSessionCache,
): FetchContext {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData } = request;
  const session = sessions.get(sessionId, principal);
  if (session === undefined) {
    throw new KafkaError(KafkaErrorCode.FETCH_SESSION_ID_NOT_FOUND, `there is no fetch session ${sessionId}`);
  }
  if (session.epoch !== sessionEpoch) {
    throw invalidEpoch(`fetch session ${sessionId} is at epoch ${session.epoch}, not ${sessionEpoch}`);
  }
  if (session.byTopicId !== byTopicId) {
    throw new KafkaError(
      KafkaErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
      'a fetch session names topics either by name or by id',
    );
  }
  const hasRoom = sessions.use(session, () => {
    for (const topic of topics) {
      const own = ownTopic(topic);
      for (const asked of topic.partitions) session.update(own, asked);
    }
    for (const topic of forgottenTopicsData) {
      for (const partition of topic.partitions) session.forget(topic, partition);
    }
  });
  if (!hasRoom) {
    const message = `there is no room for ${session.size} partitions in fetch session ${sessionId}`;
    throw new KafkaError(KafkaErrorCode.FETCH_SESSION_ID_NOT_FOUND, message);
  }
  if (session.size === 0) {
    return { partitions: [], answer: () => ({ sessionId: noSessionId, told: [] }) };
  }
  const expectedEpoch = nextEpoch(sessionEpoch);
  session.epoch = expectedEpoch;
  return {
    partitions: session.partitions(),
    answer(outcomes) {
      if (session.epoch !== expectedEpoch) throw invalidEpoch(`fetch session ${sessionId} has gone on`);
      return { sessionId, told: whatIsNew(session, outcomes) };
    },
  };
}

/** Partitions with records go to the end, so that none keeps the others from being read. */
function whatIsNew<O extends FetchOutcome>(session: FetchSession, outcomes: readonly O[]): O[] {
  const told = outcomes.filter(note);
  for (const { asked, bytes } of told) if (bytes > 0) session.moveToEnd(asked);
  return told;
}

/** Notes what the client is told of a partition; false when it knows all of that already. */
function note({ asked, errorCode, highWatermark, logStartOffset, bytes }: FetchOutcome): boolean {
  // After an error the client is told again as soon as it is gone.
  const isError = errorCode !== KafkaErrorCode.NONE;
  const isNew =
    bytes > 0 || highWatermark !== asked.toldHighWatermark || logStartOffset !== asked.toldLogStart;
  asked.toldHighWatermark = isError ? -1 : highWatermark;
  asked.toldLogStart = logStartOffset;
  return isError || isNew;
}

function invalidEpoch(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_FETCH_SESSION_EPOCH, message);
}
