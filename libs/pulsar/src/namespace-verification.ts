import { type PulsarAdmin, PulsarAdminError } from './admin/index.js';
import { checkGrants } from './grants/grant-check.js';
import { type NamespaceCheck, shellWord } from './namespace-check.js';
import {
  type NamespaceOffsets,
  offsetsCheck,
  offsetsMark,
  type OffsetsWanted,
  namespaceOffsets,
  offsetsProperty,
} from './namespace-offsets.js';

export interface NamespaceReport {
  readonly namespace: string;
  readonly checks: readonly NamespaceCheck[];
  /** What its Kafka offsets are, or would be when all is mended; state has none. */
  readonly offsets?: NamespaceOffsets;
}

/** What a namespace is for: tenants' data, or the gateways' own state in compacted topics. */
export type NamespacePurpose = 'data' | 'state';

export interface NamespaceVerificationOptions {
  /** Default: data. */
  readonly purpose?: NamespacePurpose;
  /** Create the namespace and set policies that are missing. */
  readonly apply: boolean;
  /** Which Kafka offsets are asked for; default dense. Nothing for state. */
  readonly offsets?: OffsetsWanted;
  /** What this client is to the brokers, for the commands that are advised (see `presumedRole`). */
  readonly role?: string | undefined;
  /** Roles of others that need to produce and consume here. They are granted that in a namespace that was just created. */
  readonly grantTo?: readonly string[];
  /** Grant it in any namespace. By itself nobody does: somebody may have revoked it. */
  readonly grantMissing?: boolean;
  /** Asked whether the brokers show the index, where the role may not read their settings (see `probeIndex`). */
  probeIndex?(): Promise<boolean>;
}

/** Kafka's default of seven days, for namespaces that have no retention at all. */
const dataRetention = { retentionTimeInMinutes: 7 * 24 * 60, retentionSizeInMB: -1 };
/**
 * State lives in what compaction made of its topics: what was written stays until compaction has passed it, whatever
 * the retention says, since compaction has a cursor of its own as soon as a threshold is set. So retention may be short,
 * and must not be unlimited for signs of life that are written every second.
 */
const stateRetention = { retentionTimeInMinutes: 24 * 60, retentionSizeInMB: -1 };
/** A new holder reads up to twice as much before it serves. */
const stateCompactionThresholdBytes = 4 * 1024 * 1024;

const indexSettings = [
  'brokerEntryMetadataInterceptors=org.apache.pulsar.common.intercept.AppendIndexMetadataInterceptor,' +
    'org.apache.pulsar.common.intercept.AppendBrokerTimestampMetadataInterceptor',
  'exposingBrokerEntryMetadataToClientEnabled=true',
].join(' and ');

type Policies = Awaited<ReturnType<PulsarAdmin['namespacePolicies']>>;
/** `hidden`: the role may not read them, so nobody can say what they are. */
type PoliciesFound = Policies | 'absent' | 'hidden';
type BrokerSettings = Readonly<Record<string, string>>;

/**
 * Looks at one namespace and, with `apply`, creates it and sets the missing policies where the role may.
 *
 * - index: dense offsets are the broker's entry index (PIP-70), which two broker settings expose;
 * - offsets: where sparse ones are allowed, the namespace says which kind it has, and keeps it (namespace-offsets.ts);
 * - deduplication: resends after a reconnect are stored once;
 * - inactive-topics: a topic that nobody subscribes to is kept, and its index never restarts;
 * - retention: entries outlive the last acknowledgement;
 * - grants: the roles that connections for the tenant have may produce and consume;
 * - compaction (state only, which needs neither index nor deduplication): the last record of each key is kept for ever,
 *   and reading all of them stays cheap.
 *
 * @throws PulsarAdminError or PulsarError when Pulsar cannot be asked.
 */
export async function verifyNamespace(
  admin: PulsarAdmin,
  namespace: string,
  options: NamespaceVerificationOptions,
): Promise<NamespaceReport> {
  const { purpose = 'data' } = options;
  const settings = await brokerSettings(admin);
  let policies = await findPolicies(admin, namespace);
  const wasAbsent = policies === 'absent';
  if (wasAbsent && options.apply) policies = await create(admin, namespace);
  if (policies === 'absent') {
    return unseen(await absent(admin, namespace, options.role), namespace, settings, options);
  }
  if (policies === 'hidden') return unseen(hidden(namespace, options.role), namespace, settings, options);
  const exposed = purpose === 'data' ? await isIndexExposed(settings, policies, options) : undefined;
  const judge = (found: Policies): NamespaceCheck[] =>
    purpose === 'data'
      ? judgeData(namespace, found, settings, { exposed, wanted: options.offsets ?? 'dense' })
      : judgeState(namespace, found, settings);
  let checks = judge(policies);
  for (const missing of options.apply ? checks.filter((each) => !each.ok) : []) {
    // One after the other: the broker loses one of two changes that are made to the same policies at once.
    if (!(await apply(admin, namespace, missing, purpose))) continue;
    const found = await findPolicies(admin, namespace);
    if (typeof found === 'object') policies = found;
    checks = judge(policies);
  }
  const grant = options.grantMissing || (wasAbsent && options.apply);
  checks = [...checks, ...(await checkGrants(admin, namespace, options.grantTo ?? [], grant))];
  if (purpose === 'state') return { namespace, checks };
  const offsets = namespaceOffsets(options.offsets ?? 'dense', offsetsMark(policies), exposed);
  return { namespace, checks, offsets };
}

/** Of a namespace whose policies nobody can read, only the brokers and the configuration say what its offsets are. */
function unseen(
  why: NamespaceCheck,
  namespace: string,
  settings: BrokerSettings | undefined,
  { purpose = 'data', offsets: wanted = 'dense' }: NamespaceVerificationOptions,
): NamespaceReport {
  if (purpose === 'state') return { namespace, checks: [why] };
  const exposed = indexExposed(settings);
  const offsets = namespaceOffsets(wanted, undefined, exposed);
  return { namespace, checks: offsets === 'dense' ? [why, indexCheck(exposed)] : [why], offsets };
}

/** Undefined where nobody can say. An entry is stored to find out only where the answer decides something. */
async function isIndexExposed(
  settings: BrokerSettings | undefined,
  policies: Policies,
  { offsets = 'dense', probeIndex }: NamespaceVerificationOptions,
): Promise<boolean | undefined> {
  if (settings !== undefined || probeIndex === undefined) return indexExposed(settings);
  const sparse = offsets === 'sparse' || (offsets === 'auto' && offsetsMark(policies) === 'sparse');
  return sparse ? undefined : probeIndex();
}

function judgeData(
  namespace: string,
  policies: Policies,
  settings: BrokerSettings | undefined,
  { exposed, wanted }: { readonly exposed: boolean | undefined; readonly wanted: OffsetsWanted },
): NamespaceCheck[] {
  const offsets = namespaceOffsets(wanted, offsetsMark(policies), exposed);
  const marked = offsetsCheck(namespace, wanted, offsets, offsetsMark(policies));
  const deduplication = policies.deduplicationEnabled ?? settings?.brokerDeduplicationEnabled === 'true';
  return [
    existsCheck,
    ...(offsets === 'dense' ? [indexCheck(exposed)] : []),
    ...(marked === undefined ? [] : [marked]),
    {
      check: 'deduplication',
      ok: deduplication,
      found: deduplication ? 'on' : 'off',
      wanted: 'on',
      command: `pulsar-admin namespaces set-deduplication --enable ${namespace}`,
    },
    inactiveTopicsCheck(namespace, policies, settings),
    retentionCheck(namespace, policies, settings, '7d'),
  ];
}

function judgeState(
  namespace: string,
  policies: Policies,
  settings: BrokerSettings | undefined,
): NamespaceCheck[] {
  const threshold =
    policies.compaction_threshold ?? Number(settings?.brokerServiceCompactionThresholdInBytes ?? 0);
  return [
    existsCheck,
    inactiveTopicsCheck(namespace, policies, settings),
    retentionCheck(namespace, policies, settings, '1d'),
    {
      check: 'compaction',
      ok: threshold > 0,
      found: threshold > 0 ? `from ${threshold} bytes on` : 'never',
      wanted: 'from a number of bytes on',
      command: `pulsar-admin namespaces set-compaction-threshold --threshold 4M ${namespace}`,
    },
  ];
}

const existsCheck: NamespaceCheck = {
  check: 'namespace',
  ok: true,
  found: 'exists',
  wanted: 'exists',
  command: '',
};

function inactiveTopicsCheck(
  namespace: string,
  policies: Policies,
  settings: BrokerSettings | undefined,
): NamespaceCheck {
  const keepsInactive =
    policies.inactive_topic_policies?.deleteWhileInactive === false ||
    (policies.inactive_topic_policies === undefined &&
      settings?.brokerDeleteInactiveTopicsEnabled === 'false');
  return {
    check: 'inactive-topics',
    ok: keepsInactive,
    found: keepsInactive ? 'kept' : 'deleted',
    wanted: 'kept',
    command:
      'pulsar-admin namespaces set-inactive-topic-policies --disable-delete-while-inactive ' +
      `--max-inactive-duration 1d --delete-mode delete_when_no_subscriptions ${namespace}`,
  };
}

function retentionCheck(
  namespace: string,
  policies: Policies,
  settings: BrokerSettings | undefined,
  time: string,
): NamespaceCheck {
  const retention = policies.retention_policies ?? {
    retentionTimeInMinutes: Number(settings?.defaultRetentionTimeInMinutes ?? 0),
    retentionSizeInMB: Number(settings?.defaultRetentionSizeInMB ?? 0),
  };
  const { retentionTimeInMinutes: minutes, retentionSizeInMB: megabytes } = retention;
  return {
    check: 'retention',
    ok: minutes !== 0 && megabytes !== 0,
    found: `${minutes} min, ${megabytes} MB`,
    wanted: 'a time and a size, -1 for unlimited',
    command: `pulsar-admin namespaces set-retention --time ${time} --size -1 ${namespace}`,
  };
}

async function absent(
  admin: PulsarAdmin,
  namespace: string,
  role: string | undefined,
): Promise<NamespaceCheck> {
  const tenant = namespace.split('/')[0] ?? '';
  const tenantThere = await unlessRefused(admin.tenant(tenant), [401, 403, 404]);
  const clusters = (await unlessRefused(admin.clusters(), [401, 403])) ?? [];
  const admins = role === undefined ? '' : ` --admin-roles ${shellWord(role)}`;
  const allowed = clusters.length === 0 ? '' : ` --allowed-clusters ${clusters.join(',')}`;
  const createTenant = `pulsar-admin tenants create ${tenant}${admins}${allowed}`;
  const createNamespace = `pulsar-admin namespaces create ${namespace}`;
  return {
    check: 'namespace',
    ok: false,
    found: 'absent',
    wanted: 'exists',
    command: tenantThere === undefined ? `${createTenant} && ${createNamespace}` : createNamespace,
  };
}

/** Pulsar lets only a tenant's administrators read what its namespaces are set to. */
function hidden(namespace: string, role: string | undefined): NamespaceCheck {
  const tenant = namespace.split('/')[0];
  const own = role === undefined ? "the gateway's role" : shellWord(role);
  return {
    check: 'access',
    ok: false,
    found: `${role === undefined ? own : `role ${role}`} may not read the policies`,
    wanted: 'readable',
    command: `pulsar-admin tenants update ${tenant} --admin-roles <all that there are>,${own}`,
  };
}

/** Undefined where the role may not read the brokers' settings: then nobody can say. */
function indexExposed(settings: BrokerSettings | undefined): boolean | undefined {
  if (settings === undefined) return undefined;
  const { brokerEntryMetadataInterceptors = '', exposingBrokerEntryMetadataToClientEnabled } = settings;
  return (
    brokerEntryMetadataInterceptors.includes('AppendIndexMetadataInterceptor') &&
    exposingBrokerEntryMetadataToClientEnabled === 'true'
  );
}

function indexCheck(exposed: boolean | undefined): NamespaceCheck {
  const unknown = 'not readable by this role; checked on the first entry';
  return {
    check: 'index',
    ok: exposed !== false,
    found: exposed === undefined ? unknown : exposed ? 'exposed' : 'hidden',
    wanted: 'exposed',
    command: `set ${indexSettings} in broker.conf and restart the brokers`,
  };
}

/** Sets one missing policy. Answers whether anything was set: what the role may not set stays missing. */
async function apply(
  admin: PulsarAdmin,
  namespace: string,
  missing: NamespaceCheck,
  purpose: NamespacePurpose,
): Promise<boolean> {
  switch (missing.check) {
    case 'offsets':
      // One that is marked already keeps what it has.
      if (missing.found !== 'not said') return false;
      return permitted(admin.setNamespaceProperty(namespace, offsetsProperty, missing.wanted));
    case 'deduplication':
      return permitted(admin.setDeduplication(namespace, true));
    case 'inactive-topics':
      return permitted(
        admin.setInactiveTopicPolicies(namespace, {
          deleteWhileInactive: false,
          inactiveTopicDeleteMode: 'delete_when_no_subscriptions',
          maxInactiveDurationSeconds: 86_400,
        }),
      );
    case 'retention':
      return permitted(admin.setRetention(namespace, purpose === 'data' ? dataRetention : stateRetention));
    case 'compaction':
      return permitted(admin.setCompactionThreshold(namespace, stateCompactionThresholdBytes));
    default:
      return false;
  }
}

async function create(admin: PulsarAdmin, namespace: string): Promise<PoliciesFound> {
  const tenant = namespace.split('/')[0] ?? '';
  const tenantThere = await unlessRefused(admin.tenant(tenant), [401, 403, 404]);
  if (tenantThere === undefined) {
    const allowedClusters = (await unlessRefused(admin.clusters(), [401, 403])) ?? [];
    await permitted(admin.createTenant(tenant, { adminRoles: [], allowedClusters }));
  }
  // 404: the tenant is not there, and this role may not create it.
  await unlessRefused(permitted(admin.createNamespace(namespace)), [404]);
  return findPolicies(admin, namespace);
}

function findPolicies(admin: PulsarAdmin, namespace: string): Promise<PoliciesFound> {
  return admin
    .namespacePolicies(namespace)
    .catch(ifStatus<PoliciesFound>([404], 'absent'))
    .catch(ifStatus<PoliciesFound>([401, 403], 'hidden'));
}

function brokerSettings(admin: PulsarAdmin): Promise<BrokerSettings | undefined> {
  return unlessRefused(admin.runtimeConfiguration(), [401, 403]);
}

/** False where the role may not; another gateway that was first (409) has done it. */
async function permitted(change: Promise<unknown>): Promise<boolean> {
  const refused = Symbol('refused');
  return (await unlessRefused<unknown>(change.catch(ifStatus([401, 403], refused)), [409])) !== refused;
}

/** The answer, or undefined where the admin REST answered with one of these statuses. */
async function unlessRefused<T>(answer: Promise<T>, statuses: readonly number[]): Promise<T | undefined> {
  return answer.catch(ifStatus(statuses, undefined));
}

function ifStatus<T>(statuses: readonly number[], value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof PulsarAdminError && statuses.includes(error.status)) return value;
    throw error;
  };
}
