import { Inject, Injectable } from '@nestjs/common';
import {
  Authorizer,
  type KnownUsers,
  type ScramCredentialSource,
  type ScramUser,
  SecurityState,
} from '#libs/auth';
import { LogAgreedState, pulsarStateLog } from '#libs/cluster';
import { PulsarAdminError } from '#libs/pulsar';
import { ClientQuotas, RateLimits } from '#libs/rate-limit';
import { type Log, Metrics } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import { NamespaceGate } from '../namespaces/namespace-gate.service.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { PhantomKey } from './phantom-key.js';

/** Changes that wait for Pulsar, all tenants' together, and for how long. */
const pendingPutsMax = 1_000;
const putTimeoutMs = 10_000;
const lookAgainMs = 1_000;

/** Rules and SCRAM credentials that clients made, in the topic `security` of the state namespace. */
@Injectable()
export class TenantSecurity {
  readonly state: SecurityState;
  readonly phantomKey: PhantomKey;
  /** In the same log: who may change one may mostly change the other, and there are few of them. */
  readonly clientQuotas: ClientQuotas;
  /** Whom the state knows. Where it cannot have been kept nobody is in it, and names are refused as wrong ones are. */
  readonly scramSource: ScramCredentialSource = {
    scramCredential: (tenant, user, mechanism) =>
      this.isUnused ? undefined : this.state.scramCredential(tenant, user, mechanism),
    scramCredentials: (mechanism) => this.state.scramCredentials(mechanism),
    onChange: (listener) => this.state.onChange(listener),
  };
  private readonly values: LogAgreedState;
  private readonly stateNamespace: string;
  private readonly topic: string;
  private configured: KnownUsers | undefined;
  private readonly decided = Promise.withResolvers<void>();
  private wasRead = false;
  private nothingStored = false;
  private closed = false;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(PulsarLink) private readonly pulsar: PulsarLink,
    @Inject(NamespaceGate) private readonly namespaces: NamespaceGate,
    @Inject(Authorizer) authorizer: Authorizer,
    @Inject(RateLimits) limits: RateLimits,
    @Inject(Metrics) metrics: Metrics,
    @Inject(LOG) log: Log,
  ) {
    const { stateNamespace } = config.cluster;
    const topic = `persistent://${stateNamespace}/security`;
    this.stateNamespace = stateNamespace;
    this.topic = topic;
    // One more than puts: the mark that a reader of the log sets.
    const logLimits = { pendingEntriesMax: pendingPutsMax + 1, sendTimeoutMs: putTimeoutMs };
    this.values = new LogAgreedState({
      name: 'security',
      openLog: pulsarStateLog(pulsar.client, { topic, ...logLimits }),
      mayOpen: () => namespaces.stateReport().served,
      pendingPutsMax,
      putTimeoutMs,
      log,
    });
    this.phantomKey = new PhantomKey(this.values, log);
    this.clientQuotas = new ClientQuotas(this.values, limits);
    this.state = new SecurityState({
      values: this.values,
      authorizer,
      log,
      configured: {
        isConfigured: (tenant, user) => this.configured?.isConfigured(tenant, user) === true,
        list: (tenant) => configuredScramUsers(this.configured, tenant),
      },
    });
    pulsar.beforeClose(() => {
      this.closed = true;
      return this.values.close();
    });
    metrics.gauge({
      name: 'pulsegate_security_state_ready',
      help: '1 while the rules and credentials that clients made are known, else 0.',
      read: () => (this.values.ready ? 1 : 0),
    });
    metrics.gauge({
      name: 'pulsegate_security_state_entries',
      help: 'Rules and credentials that clients made, of all tenants.',
      read: () => this.values.size,
    });
  }

  /** Who reads the configuration asks this state for other users: it comes later. */
  configuredBy(users: KnownUsers): void {
    this.configured = users;
  }

  /** Begins to read, as soon as the state namespace was found good. */
  start(): void {
    this.values.start().then(
      () => {
        this.wasRead = true;
        void this.phantomKey.agree();
        this.decided.resolve();
      },
      // It was not read before the gateway ended.
      () => {},
    );
    void this.lookForTopic();
  }

  /** Resolves when it is known what clients made: not while Pulsar, or the state namespace, is away. */
  get known(): Promise<void> {
    return this.decided.promise;
  }

  /** Why a tenant's topics are not served: a rule that denies may not have been read yet. */
  refusal(): { retriable: boolean; message: string } | undefined {
    if (this.values.isIncomplete) {
      return { retriable: true, message: 'there are more permissions than can be known' };
    }
    if (this.wasRead || this.isUnused) return undefined;
    return { retriable: true, message: 'the permissions that clients made are being read' };
  }

  /** A namespace that has come into use may hold what others stored. */
  private get isUnused(): boolean {
    return this.nothingStored && !this.wasRead && !this.namespaces.stateReport().served;
  }

  /** Where the state namespace is not used, and the topic was never made, there is nothing to wait for. */
  private async lookForTopic(): Promise<void> {
    const { pending, served } = this.namespaces.stateReport();
    if (!pending && !served) {
      try {
        const topics = await this.pulsar.client.admin.topics(this.stateNamespace);
        this.nothingStored = !topics.includes(this.topic);
      } catch (error) {
        // While nobody answers, what was found last stays.
        if (error instanceof PulsarAdminError && error.status === 404) this.nothingStored = true;
      }
    }
    if (this.nothingStored) this.decided.resolve();
    // Another gateway may be able to use the namespace, and then there is something to know.
    if (!this.wasRead && !this.closed) setTimeout(() => void this.lookForTopic(), lookAgainMs).unref();
  }
}

function configuredScramUsers(users: KnownUsers | undefined, tenant: string): ScramUser[] {
  const found: ScramUser[] = [];
  for (const each of users?.configured() ?? []) {
    if (each.tenant !== tenant) continue;
    for (const { mechanism, iterations } of each.scram.values()) {
      found.push({ user: each.user, mechanism, iterations });
    }
  }
  return found;
}
