import { setTimeout as delay } from 'node:timers/promises';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { PulsarAdmin } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import { toPulsarTopic } from '../mapping/topic.mapping.js';
import { ownTopicConfigs, type TopicConfigState } from '../mapping/topic-config.description.js';
import {
  type ConfigEntry,
  type PulsarRetention,
  type PulsarTopicSettings,
  setTopicConfig,
  topicConfigProperty,
  toPulsarTopicSettings,
} from '../mapping/topic-config.mapping.js';
import { topicConfigDefinitions } from '../mapping/topic-config.definitions.js';

/** What is needed of Pulsar's admin REST. */
export type TopicConfigAdmin = Pick<
  PulsarAdmin,
  | 'namespacePolicies'
  | 'properties'
  | 'removeProperty'
  | 'runtimeConfiguration'
  | 'setProperties'
  | 'setTopicCompactionThreshold'
  | 'setTopicRetention'
  | 'topicCompactionThreshold'
  | 'topicRetention'
>;

/** A topic policy is read back until it is there: `policyReadsMax` times, so often. */
const policyReadMs = 50;
const policyReadsMax = 60;
/** What brokers do by default where neither topic nor namespace have a policy. */
const noRetention: PulsarRetention = { retentionTimeInMinutes: 0, retentionSizeInMB: 0 };

/** What becomes of the configurations that the topic itself has. @throws KafkaError */
export type ConfigChange = (own: ReadonlyMap<string, string>) => readonly ConfigEntry[];

/**
 * The configurations of topics, in Pulsar: the topic's properties say what the client wrote, topic policies make
 * retention and compaction act. Policies are changed first: a topic whose properties could not be written is
 * described by what Pulsar does.
 */
export class TopicConfigs {
  /** Changes to one topic, one after the other: each starts from what the one before left. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(
    private readonly admin: TopicConfigAdmin,
    /** Pulsar compacts a topic when so many bytes were written since the last time. */
    private readonly compactionThresholdBytes: number,
  ) {}

  /** What a topic without a policy of its own has. */
  async inheritedRetention(tenant: Tenant): Promise<PulsarRetention> {
    const policies = await this.admin.namespacePolicies(tenant.pulsarNamespace);
    return policies.retention_policies ?? this.#brokerRetention();
  }

  /** @throws PulsarAdminError 404 when there is no such topic */
  async read(tenant: Tenant, name: string): Promise<TopicConfigState> {
    const { admin } = this;
    const pulsarTopic = toPulsarTopic(tenant, name);
    const [properties, retention, threshold, policies] = await Promise.all([
      admin.properties(pulsarTopic),
      admin.topicRetention(pulsarTopic),
      admin.topicCompactionThreshold(pulsarTopic),
      admin.namespacePolicies(tenant.pulsarNamespace),
    ]);
    return {
      properties,
      retention,
      inheritedRetention: policies.retention_policies ?? (await this.#brokerRetention()),
      compacting: (threshold ?? policies.compaction_threshold ?? 0) > 0,
      messageBytesMaxDefault: tenant.kafka.messageBytesMax,
    };
  }

  /**
   * Changes a topic's configurations; when this resolves, they act.
   *
   * @throws KafkaError INVALID_CONFIG and what `change` throws, REQUEST_TIMED_OUT; PulsarAdminError, PulsarError
   */
  alter(tenant: Tenant, name: string, change: ConfigChange, validateOnly: boolean): Promise<void> {
    const pulsarTopic = toPulsarTopic(tenant, name);
    const before = this.#changes.get(pulsarTopic) ?? Promise.resolve();
    const work = before.catch(() => {}).then(() => this.#alter(tenant, name, change, validateOnly));
    this.#changes.set(pulsarTopic, work);
    const forget = () => {
      if (this.#changes.get(pulsarTopic) === work) this.#changes.delete(pulsarTopic);
    };
    work.then(forget, forget);
    return work;
  }

  /** Of a topic that was just made, with its properties. */
  async apply(pulsarTopic: string, { retention, compacted }: PulsarTopicSettings): Promise<void> {
    if (retention !== undefined) await this.#setRetention(pulsarTopic, retention);
    if (compacted) await this.#setThreshold(pulsarTopic, this.compactionThresholdBytes);
  }

  /** Only superusers may ask; for others a namespace is not served that has no policy of its own. */
  async #brokerRetention(): Promise<PulsarRetention> {
    const settings = await this.admin.runtimeConfiguration().catch(() => undefined);
    if (settings === undefined) return noRetention;
    return {
      retentionTimeInMinutes: Number(settings.defaultRetentionTimeInMinutes ?? 0),
      retentionSizeInMB: Number(settings.defaultRetentionSizeInMB ?? 0),
    };
  }

  async #alter(tenant: Tenant, name: string, change: ConfigChange, validateOnly: boolean): Promise<void> {
    const pulsarTopic = toPulsarTopic(tenant, name);
    const state = await this.read(tenant, name);
    const wanted = toPulsarTopicSettings(change(ownTopicConfigs(state)), state.inheritedRetention);
    if (validateOnly) return;
    if (!isSame(wanted.retention, state.retention)) await this.#setRetention(pulsarTopic, wanted.retention);
    const wasCompacted = setTopicConfig(state.properties, 'cleanup.policy')?.includes('compact') ?? false;
    if (wanted.compacted && !(wasCompacted && state.compacting)) {
      await this.#setThreshold(pulsarTopic, this.compactionThresholdBytes);
    } else if (!wanted.compacted && wasCompacted) await this.#setThreshold(pulsarTopic, undefined);
    await this.#setProperties(pulsarTopic, state.properties, wanted.properties);
  }

  async #setProperties(
    pulsarTopic: string,
    before: Readonly<Record<string, string>>,
    wanted: Readonly<Record<string, string>>,
  ): Promise<void> {
    const changed = Object.entries(wanted).filter(([key, value]) => before[key] !== value);
    if (changed.length > 0) await this.admin.setProperties(pulsarTopic, Object.fromEntries(changed));
    for (const { name } of topicConfigDefinitions) {
      const key = topicConfigProperty(name);
      if (before[key] !== undefined && wanted[key] === undefined)
        await this.admin.removeProperty(pulsarTopic, key);
    }
  }

  async #setRetention(pulsarTopic: string, wanted: PulsarRetention | undefined): Promise<void> {
    await this.admin.setTopicRetention(pulsarTopic, wanted);
    await untilActs(`the retention of ${pulsarTopic}`, async () =>
      isSame(wanted, await this.admin.topicRetention(pulsarTopic)),
    );
  }

  async #setThreshold(pulsarTopic: string, wanted: number | undefined): Promise<void> {
    await this.admin.setTopicCompactionThreshold(pulsarTopic, wanted);
    await untilActs(
      `the compaction threshold of ${pulsarTopic}`,
      async () => (await this.admin.topicCompactionThreshold(pulsarTopic)) === wanted,
    );
  }
}

/** Topic policies reach the broker through a topic of its own, a moment after the REST has answered. */
async function untilActs(what: string, acts: () => Promise<boolean>): Promise<void> {
  for (let reads = 0; reads < policyReadsMax; reads++) {
    if (await acts()) return;
    await delay(policyReadMs);
  }
  throw new KafkaError(KafkaErrorCode.REQUEST_TIMED_OUT, `${what} does not act`);
}

function isSame(one: PulsarRetention | undefined, other: PulsarRetention | undefined): boolean {
  return (
    one?.retentionTimeInMinutes === other?.retentionTimeInMinutes &&
    one?.retentionSizeInMB === other?.retentionSizeInMB
  );
}
