import {
  type AlterClientQuotasRequest,
  type AlterClientQuotasRequestEntryData as Alteration,
  type AlterClientQuotasResponse,
  alterClientQuotasApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { QuotaEntity, StoredKind } from '#libs/rate-limit';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { clientQuotaRefusal, toEntityParts, toQuotaEntity, toStoredKind } from './client-quota-entity.js';

const alterationsParallelMax = 32;
/** Entities of one request: as many as a tenant may have quotas for. */
const entriesMax = 1_000;
/** What tools set who mean no limit; as a double. */
const longMax = 2 ** 63;

/**
 * AlterClientQuotas v0-1 (KIP-546): `producer_byte_rate` and `consumer_byte_rate` of users and client ids of the tenant, on
 * all gateways alike. What is answered with success holds here, and soon everywhere. What the configuration sets stays as it is:
 * POLICY_VIOLATION. One answer per entity: when any of its alterations cannot be, none of them is made.
 */
export const alterClientQuotasHandler: ApiHandler<AlterClientQuotasRequest, AlterClientQuotasResponse> = {
  api: alterClientQuotasApi,
  versionMin: 0,
  versionMax: 1,
  async handle({ entries, validateOnly }, context) {
    if (entries.length > entriesMax) return { entries: tooMany(entries, context) };
    const times = new Map<string, number>();
    const nameOf = ({ entity }: Alteration) =>
      JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).sort());
    for (const each of entries) times.set(nameOf(each), (times.get(nameOf(each)) ?? 0) + 1);
    const wouldMake = validateOnly ? new Set<string>() : undefined;
    const answers = await boundedParallel(entries, alterationsParallelMax, (entry) =>
      answer(entry, times.get(nameOf(entry))! > 1, wouldMake, context),
    );
    return { entries: answers };
  },
};

type Answer = Encodable<AlterClientQuotasResponse['entries'][number]>;

function tooMany(entries: readonly Alteration[], context: RequestContext): Answer[] {
  const { code, message } = invalid(`more than ${entriesMax} entities in one request`);
  context.refused(code, message);
  return entries.map(({ entity }) => ({ errorCode: code, errorMessage: message, entity }));
}

async function answer(
  entry: Alteration,
  isTwice: boolean,
  wouldMake: Set<string> | undefined,
  context: RequestContext,
): Promise<Answer> {
  try {
    new TopicAuthorization(context).requireCluster('alter-configs');
    if (isTwice) throw invalid('the request names the entity more than once');
    const entity = toQuotaEntity(entry.entity);
    await alter(entity, changesOf(entry), wouldMake, context);
    if (wouldMake === undefined) context.changed('quota.alter', nameForAudit(entry));
    return { errorMessage: null, entity: toEntityParts(entity) };
  } catch (error) {
    const { code, message } = clientQuotaRefusal(error);
    context.refused(code, message);
    return { errorCode: code, errorMessage: message, entity: entry.entity };
  }
}

function nameForAudit({ entity }: Alteration): string {
  return entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(default)'}`).join(', ');
}

async function alter(
  entity: QuotaEntity,
  changes: ReadonlyMap<StoredKind, number | undefined>,
  wouldMake: Set<string> | undefined,
  { gateway, principal }: RequestContext,
): Promise<void> {
  if (gateway.clientQuotas === undefined) {
    throw new KafkaError(KafkaErrorCode.POLICY_VIOLATION, 'quotas are set in the configuration alone');
  }
  await gateway.clientQuotas.alter(principal.tenant.name, entity, changes, wouldMake);
}

/** Undefined: taken away. @throws KafkaError INVALID_REQUEST */
function changesOf({ ops }: Alteration): Map<StoredKind, number | undefined> {
  const changes = new Map<StoredKind, number | undefined>();
  for (const { key, value, remove } of ops) {
    const kind = toStoredKind(key);
    if (changes.has(kind)) throw invalid(`${key} is altered twice`);
    // As Kafka's, a long: of less than a byte so little could be told that it limited nobody.
    if (!remove && !(value >= 1 && value <= longMax && Number.isInteger(value))) {
      throw invalid(`${key} is a whole number of bytes per second, more than 0`);
    }
    changes.set(kind, remove ? undefined : value);
  }
  return changes;
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}
