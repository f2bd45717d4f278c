import type { PulsarAdmin } from '../admin/index.js';
import { PulsarAdminError } from '../admin/index.js';
import type { PulsarLog } from '../connection.js';
import { NamespaceGrants } from './namespace-grants.js';

export interface GrantWatchOptions {
  readonly admin: Pick<PulsarAdmin, 'namespacePolicies' | 'tenant' | 'runtimeConfiguration'>;
  /** `tenant/namespace`. */
  readonly namespaces: readonly string[];
  readonly log: PulsarLog;
  /** The grants have been read, whether they are others than before or not. */
  readonly onRead?: (namespace: string, grants: NamespaceGrants) => void;
  /** Pause between two looks at all of them. Default 3 000. */
  readonly refreshMs?: number;
  /** What was read so long ago says nothing any more. Default 30 000. */
  readonly ageMsMax?: number;
}

const refreshMsDefault = 3_000;
const ageMsMaxDefault = 30_000;
/** An admin REST that hangs is asked again well before what was read is too old. */
const answerMsMax = 5_000;
/** Namespaces read at the same time: two requests each, of the 32 connections that the admin REST has. */
const readingMax = 4;
/** Brokers' settings change with a restart of the brokers. */
const settingsAgeMs = 60_000;

/** What is in the brokers' settings of grants. */
interface BrokerFacts {
  readonly superusers: readonly string[];
  readonly wildcards: boolean;
}

interface Watched {
  readonly namespace: string;
  version: number;
  /** What `grants` was made from. */
  text: string;
  grants: NamespaceGrants | undefined;
  readAtMs: number;
  expiry: NodeJS.Timeout | undefined;
  fault: string | undefined;
}

/**
 * What Pulsar has granted in some namespaces, read again every few seconds. What cannot be read (a role that may not, a
 * namespace that is gone) is unknown at once; while the admin REST does not answer, what was read last holds until it is
 * `ageMsMax` old. Unknown means that nobody may do anything.
 */
export class GrantWatch {
  readonly #options: GrantWatchOptions;
  readonly #watched: ReadonlyMap<string, Watched>;
  #brokers: BrokerFacts = { superusers: [], wildcards: false };
  #brokersReadAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: GrantWatchOptions) {
    this.#options = options;
    this.#watched = new Map(
      options.namespaces.map((namespace) => [
        namespace,
        {
          namespace,
          version: 0,
          text: '',
          grants: undefined,
          readAtMs: Number.NEGATIVE_INFINITY,
          expiry: undefined,
          fault: undefined,
        },
      ]),
    );
  }

  /** Undefined: unknown. */
  grants(namespace: string): NamespaceGrants | undefined {
    return this.#watched.get(namespace)?.grants;
  }

  /** Another number whenever `grants` may answer something else. */
  version(namespace: string): number {
    return this.#watched.get(namespace)?.version ?? 0;
  }

  /** Since they were read last; infinite when they never were. */
  ageMs(namespace: string): number {
    return performance.now() - (this.#watched.get(namespace)?.readAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Looks once at all, then goes on until it is closed. Never rejects. */
  async start(): Promise<void> {
    await this.#lookAtBrokers();
    const waiting = [...this.#watched.values()];
    const lookOneByOne = async () => {
      for (let next = waiting.pop(); next !== undefined && !this.#closed; next = waiting.pop()) {
        await this.#look(next);
      }
    };
    await Promise.all(Array.from({ length: readingMax }, lookOneByOne));
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.start(), this.#options.refreshMs ?? refreshMsDefault);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watched of this.#watched.values()) clearTimeout(watched.expiry);
  }

  async #look(watched: Watched): Promise<void> {
    const { admin, ageMsMax = ageMsMaxDefault } = this.#options;
    const { namespace } = watched;
    // What is read is as old as the question: it may have been answered right at the beginning.
    const askedAtMs = performance.now();
    try {
      const [policies, { adminRoles }] = await Promise.all([
        admin.namespacePolicies(namespace, answerMsMax),
        admin.tenant(namespace.split('/')[0] ?? '', answerMsMax),
      ]);
      if (this.#closed) return;
      const facts = {
        namespace,
        policies: policies.auth_policies ?? {},
        subscriptionAuthMode: policies.subscription_auth_mode,
        tenantAdmins: adminRoles ?? [],
        ...this.#brokers,
      };
      const text = JSON.stringify(facts);
      const changed = watched.grants === undefined || watched.text !== text;
      const grants = changed ? new NamespaceGrants(facts) : watched.grants!;
      if (changed) this.#become(watched, grants, text);
      this.#options.onRead?.(namespace, grants);
      watched.readAtMs = askedAtMs;
      clearTimeout(watched.expiry);
      const leftMs = ageMsMax - (performance.now() - askedAtMs);
      watched.expiry = setTimeout(() => this.#expired(watched), leftMs);
      watched.expiry.unref();
      this.#tell(watched, undefined);
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof PulsarAdminError && !error.retriable) {
        clearTimeout(watched.expiry);
        this.#become(watched, undefined, '');
      }
      this.#tell(watched, error instanceof Error ? error.message : String(error));
    }
  }

  #expired(watched: Watched): void {
    this.#become(watched, undefined, '');
    const fields = { event: 'pulsar-grants', namespace: watched.namespace, reason: watched.fault };
    this.#options.log.error(
      fields,
      'what Pulsar has granted is unknown for too long: nobody may do anything',
    );
  }

  #become(watched: Watched, grants: NamespaceGrants | undefined, text: string): void {
    watched.grants = grants;
    watched.text = text;
    watched.version++;
  }

  #tell(watched: Watched, fault: string | undefined): void {
    if (watched.fault === fault) return;
    watched.fault = fault;
    const fields = { event: 'pulsar-grants', namespace: watched.namespace, reason: fault };
    if (fault === undefined) this.#options.log.info(fields, 'what Pulsar has granted is known again');
    else this.#options.log.warn(fields, 'what Pulsar has granted cannot be read');
  }

  /** Only superusers may read them. To others nobody is a superuser, and no role is a pattern: less is allowed, not more. */
  async #lookAtBrokers(): Promise<void> {
    const now = performance.now();
    if (now - this.#brokersReadAtMs < settingsAgeMs) return;
    try {
      const settings = await this.#options.admin.runtimeConfiguration(answerMsMax);
      this.#brokers = {
        superusers: listOf(settings.superUserRoles),
        wildcards: settings.authorizationAllowWildcardsMatching === 'true',
      };
    } catch (error) {
      if (!(error instanceof PulsarAdminError) || error.retriable) return;
      this.#brokers = { superusers: [], wildcards: false };
    }
    this.#brokersReadAtMs = now;
  }
}

/** `[a, b]`, as brokers write lists. */
function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
