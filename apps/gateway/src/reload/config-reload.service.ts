import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Authenticator, Authorizer, type PreparedUsers } from '#libs/auth';
import { RateLimits } from '#libs/rate-limit';
import { type PreparedTenants, TenantDirectory, TenantDirectoryError } from '#libs/tenancy';
import { type Log, Metrics, type OperatorChange } from '#libs/telemetry';
import { AdminAccess } from '../admin/admin-access.js';
import { ConfigError } from '../config-file.js';
import type { GatewayConfig } from '../gateway.config.js';
import { CONFIG_FILE, GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import { usersOf } from '../identities.js';
import { NamespaceGate } from '../namespaces/namespace-gate.service.js';
import { tenantsOf } from '../tenants.js';
import { type ConfigChange, changeOf, remember, type TenantsOnce } from './config-change.js';
import { checkedConfig } from './config-check.js';

/** Who asked for it. */
export type ReloadTrigger = 'file' | 'signal' | 'http';

/** What a reload did. */
export interface ReloadOutcome extends ConfigChange {
  /** Namespaces whose clients are refused until they are found good. */
  readonly unserved: readonly string[];
}

/** There is one at a time. */
export class ReloadUnderWay extends Error {
  override readonly name = 'ReloadUnderWay';
}

/** As at the start: new namespaces are looked at before clients come, but a Pulsar that is away holds nothing up. */
const verificationMsMax = 10_000;

/**
 * Puts another configuration in the place of the one that runs: all of it is checked, and what differs is put in force in
 * one turn of the event loop, or nothing is. What it says of one tenant touches no other.
 */
@Injectable()
export class ConfigReload {
  private running: GatewayConfig;
  private known: TenantsOnce;
  private busy = false;
  private readonly results = { applied: 0, refused: 0 };
  private lastSuccessMs = Date.now();

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(CONFIG_FILE) private readonly file: string | undefined,
    @Inject(TenantDirectory) private readonly tenants: TenantDirectory,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(Authorizer) private readonly authorizer: Authorizer,
    @Inject(RateLimits) private readonly limits: RateLimits,
    @Inject(NamespaceGate) private readonly namespaces: NamespaceGate,
    @Inject(AdminAccess) private readonly access: AdminAccess,
    @Inject(Metrics) metrics: Metrics,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.running = config;
    this.known = remember(new Map(), config);
    metrics.counter({
      name: 'pulsegate_config_reloads_total',
      help: 'Configurations that the running gateway was given, by what became of them.',
      labelNames: ['result'],
      read: () => Object.entries(this.results).map(([result, value]) => ({ labels: { result }, value })),
    });
    metrics.gauge({
      name: 'pulsegate_config_last_success_seconds',
      help: 'When the configuration that runs was taken up: seconds since 1970.',
      read: () => this.lastSuccessMs / 1_000,
    });
  }

  /**
   * Takes up what the text says.
   *
   * @param read may throw a ConfigError
   * @param name what it is called in faults
   * @param address of who asked by HTTP
   * @throws ConfigError with every fault, and nothing is changed
   * @throws ReloadUnderWay
   */
  async reload(
    read: () => string,
    name: string,
    trigger: ReloadTrigger,
    address?: string,
  ): Promise<ReloadOutcome> {
    if (this.busy) throw new ReloadUnderWay('another reload is under way');
    this.busy = true;
    try {
      const text = read();
      // With all from the environment it would be one without tenants; what is cut off while it is written must not be that.
      if (text.trim() === '') throw new ConfigError([{ where: name, key: '', message: 'is empty' }]);
      const after = await this.checked(text, name);
      const renewToken = this.access.prepare();
      const outcome = await this.apply(after);
      renewToken();
      this.results.applied++;
      this.lastSuccessMs = Date.now();
      this.record(trigger, 'allowed', address);
      for (const each of actsOf(outcome)) this.record(trigger, 'allowed', address, each);
      this.log.info({ event: 'config.reloaded', trigger, ...outcome }, 'the configuration was taken up');
      return outcome;
    } catch (error) {
      this.results.refused++;
      this.record(trigger, 'failed', address);
      const faults = error instanceof ConfigError ? error.faults : String(error);
      this.log.error(
        { event: 'config.refused', trigger, faults },
        'the configuration is not taken up; all stays as it was',
      );
      throw error;
    } finally {
      this.busy = false;
    }
  }

  /** @throws ConfigError */
  private checked(text: string, name: string): Promise<GatewayConfig> {
    const folder = this.file === undefined ? process.cwd() : dirname(resolve(this.file));
    // Its tenants are in what is known.
    const running = { ...this.running, tenants: [] };
    return checkedConfig({ text, name, folder, environment: process.env, running, known: this.known });
  }

  private record(
    reason: ReloadTrigger,
    outcome: 'allowed' | 'failed',
    remoteAddress?: string,
    { action, tenant, setting }: ConfigAct = { action: 'config.reload' },
  ): void {
    this.log.audit?.record({
      ...{ kind: 'change', outcome, action, reason },
      ...(tenant !== undefined && { tenant }),
      ...(setting !== undefined && { resource: { type: 'setting', name: setting } }),
      ...(remoteAddress !== undefined && { listener: 'admin', remoteAddress }),
    });
  }

  private async apply(after: GatewayConfig): Promise<ReloadOutcome> {
    const before = this.running;
    const change = changeOf(before, after);
    // The first time for the faults: the verification makes namespaces.
    this.prepare(after);
    await this.verifyNamespaces(before, after);
    try {
      this.commit(after, change, ...this.prepare(after));
    } catch (error) {
      this.namespaces.keep(this.running);
      throw error;
    }
    const unserved = this.namespaces.report().filter(({ served }) => !served);
    return { ...change, unserved: unserved.map(({ namespace }) => namespace) };
  }

  /** @throws ConfigError */
  private prepare(after: GatewayConfig): [PreparedTenants, PreparedUsers] {
    try {
      const tenants = this.tenants.prepare(tenantsOf(after));
      const users = this.authenticator.users.prepare('configuration', usersOf(after), tenants);
      if (users.faults.length > 0) throw configError(users.faults);
      return [tenants, users];
    } catch (error) {
      throw error instanceof TenantDirectoryError ? configError(error.faults) : error;
    }
  }

  private async verifyNamespaces(before: GatewayConfig, after: GatewayConfig): Promise<void> {
    // Tenants and vhosts that go are served until they are gone.
    this.namespaces.keep(after, before.tenants);
    const late = new AbortController();
    await Promise.race([
      this.namespaces.verifyNew(),
      setTimeout(verificationMsMax, undefined, { signal: late.signal }).catch(() => {}),
    ]).finally(() => late.abort());
  }

  /** In one turn: no client sees a part of it. What may fail has been tried, or is heeded by those whom it is told alone. */
  private commit(
    after: GatewayConfig,
    { added, removed, changed }: ConfigChange,
    tenants: PreparedTenants,
    users: PreparedUsers,
  ): void {
    const judged = changed
      .filter(({ settings }) => settings.some(isOfPermissions))
      .map((each) => each.tenant);
    const rules = new Map(after.tenants.map(({ name, permissions }) => [name, permissions]));
    tenants.commit();
    for (const tenant of [...removed, ...added, ...judged]) {
      this.authorizer.setRules(tenant, 'config', rules.get(tenant) ?? []);
    }
    this.limits.replace(this.tenants, after.limits);
    this.namespaces.keep(after);
    this.running = after;
    this.known = remember(this.known, after);
    try {
      // Before their users go: a connection is told what has ended, which is the tenant.
      tenants.announce();
    } catch (error) {
      this.log.error({ event: 'config.unheeded', error }, 'a change of tenants was not heeded everywhere');
    }
    users.commit();
  }
}

interface ConfigAct {
  readonly action: OperatorChange;
  readonly tenant?: string;
  readonly setting?: string;
}

function actsOf({ added, removed, changed, gateway }: ConfigChange): ConfigAct[] {
  return [
    ...gateway.map((setting) => ({ action: 'gateway.change', setting }) as const),
    ...added.map((tenant) => ({ action: 'tenant.add', tenant }) as const),
    ...removed.map((tenant) => ({ action: 'tenant.remove', tenant }) as const),
    ...changed.flatMap(({ tenant, settings }) =>
      settings.map((setting) => ({ action: 'tenant.change', tenant, setting }) as const),
    ),
  ];
}

/** What is remembered of answers about a tenant is remembered until its rules are set. */
function isOfPermissions(setting: string): boolean {
  return setting === 'permissions' || setting.startsWith('amqp091');
}

/** Faults that only the whole shows have no place in the text. */
function configError(faults: readonly string[]): ConfigError {
  return new ConfigError(faults.map((message) => ({ where: 'configuration', key: '', message })));
}
