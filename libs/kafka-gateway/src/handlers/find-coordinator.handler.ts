import {
  type Encodable,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  type FindCoordinatorResponseCoordinator as Coordinator,
  findCoordinatorApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { type BrokerAddress, Brokers } from '../routing/brokers.js';

/** What a key names. */
const keyTypes = { group: 0, transactionalId: 1 } as const;

/** From here on several keys in one request (KIP-699). */
const batchSince = 4;

/** Nobody, as Kafka says it beside an error. */
const nowhere: BrokerAddress = { nodeId: -1, host: '', port: -1 };

/**
 * FindCoordinator v0-6: the gateway that holds a group's slice, or is to. Transactional ids have no coordinator yet:
 * COORDINATOR_NOT_AVAILABLE. Share groups (key type 2) are not served: INVALID_REQUEST, as by a Kafka without them.
 */
export const findCoordinatorHandler: ApiHandler<FindCoordinatorRequest, FindCoordinatorResponse> = {
  api: findCoordinatorApi,
  versionMin: 0,
  versionMax: 6,
  handle({ key, keyType, coordinatorKeys }, context) {
    const brokers = new Brokers(context.gateway.cluster, context.connection.link.listener);
    if (context.header.apiVersion >= batchSince) {
      return { coordinators: coordinatorKeys.map((each) => find(each, keyType, brokers, context)) };
    }
    const { key: _, ...found } = find(key, keyType, brokers, context);
    return found;
  },
};

function find(
  key: string,
  keyType: number,
  brokers: Brokers,
  context: RequestContext,
): Encodable<Coordinator> & { key: string } {
  try {
    const address = coordinatorOf(key, keyType, brokers, context);
    return { key, ...address, errorCode: KafkaErrorCode.NONE, errorMessage: null };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage);
    return { key, ...nowhere, errorCode, errorMessage };
  }
}

/** @throws KafkaError */
function coordinatorOf(
  key: string,
  keyType: number,
  brokers: Brokers,
  context: RequestContext,
): BrokerAddress {
  const { gateway, principal } = context;
  if (keyType === keyTypes.group) {
    if (!context.authorize('describe', { type: 'group', name: key })) {
      throw new KafkaError(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED, 'the group may not be described');
    }
    const address = brokers.address(gateway.groups.nodeOf(principal.tenant, key));
    if (address !== undefined) return address;
    throw new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, 'the coordinator has no such listener');
  }
  if (keyType === keyTypes.transactionalId) {
    if (!context.authorize('describe', { type: 'transactional-id', name: key })) {
      const why = 'the transactional id may not be described';
      throw new KafkaError(KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, why);
    }
    throw new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, 'transactions are not served');
  }
  throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, `key type ${keyType} is not served`);
}
