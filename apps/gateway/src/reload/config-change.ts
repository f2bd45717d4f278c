import { isDeepStrictEqual } from 'node:util';
import type { ConfigFault, ConfigPath } from '../config/config-fault.js';
import type { TenantConfig } from '../config/tenant.schema.js';
import type { GatewayConfig } from '../gateway.config.js';

/** What another configuration does to the tenants, by name. Says no values. */
export interface ConfigChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** With the settings that are others: `users`, `kafka.partitionsDefault`. */
  readonly changed: readonly { readonly tenant: string; readonly settings: readonly string[] }[];
  /** Settings of the gateway itself: `limits.connections`. */
  readonly gateway: readonly string[];
}

/** Sections that may be others while the gateway runs. */
const changeableSections: readonly (keyof GatewayConfig)[] = ['tenants', 'limits'];

const restart = 'cannot be changed while the gateway runs: restart it';

/** What is made of a tenant when it comes and stays as it is, also while the tenant is away: by name. */
export type TenantsOnce = ReadonlyMap<string, TenantOnce>;

interface TenantOnce extends Pick<TenantConfig, 'namespace' | 'authorization' | 'pulsar'> {
  readonly topics: TenantConfig['mqtt']['topics'];
  readonly vhosts: TenantConfig['amqp091']['vhosts'];
}

export function changeOf(before: GatewayConfig, after: GatewayConfig): ConfigChange {
  const [old, wanted] = [byName(before), byName(after)];
  const names = [...wanted.keys()];
  return {
    added: names.filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !wanted.has(name)),
    changed: names.flatMap((tenant) => {
      const settings = old.has(tenant) ? differences(old.get(tenant), wanted.get(tenant)!) : [];
      return settings.length === 0 ? [] : [{ tenant, settings: settings.map((path) => path.join('.')) }];
    }),
    gateway: changeableSections
      .filter((key) => key !== 'tenants')
      .flatMap((key) => deepDifferences(before[key], after[key], [key]).map((path) => path.join('.'))),
  };
}

/**
 * What a running gateway cannot take up.
 *
 * @param known every tenant that it has had since its start, as it was last
 */
export function unchangeable(before: GatewayConfig, after: GatewayConfig, known: TenantsOnce): ConfigFault[] {
  const keys = Object.keys({ ...before, ...after }) as (keyof GatewayConfig)[];
  const faults = keys
    .filter((key) => !changeableSections.includes(key))
    .flatMap((key) => deepDifferences(before[key], after[key], [key]));
  return [
    ...faults.map((path) => ({ path, message: restart })),
    ...after.tenants.flatMap((tenant, index) =>
      tenantFaults(tenant, ['tenants', index], known.get(tenant.name)),
    ),
  ];
}

function tenantFaults(tenant: TenantConfig, path: ConfigPath, once: TenantOnce | undefined): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const fixed = (key: 'namespace' | 'authorization' | 'pulsar', first: unknown) => {
    if (!isDeepStrictEqual(tenant[key], first)) faults.push({ path: [...path, key], message: restart });
  };
  if (once !== undefined) fixed('namespace', once.namespace);
  // Who the gateway is at Pulsar for a tenant is decided when it starts.
  fixed('authorization', once === undefined ? 'rules' : once.authorization);
  fixed('pulsar', once?.pulsar);
  if (once !== undefined && !isDeepStrictEqual(once.topics, tenant.mqtt.topics)) {
    // Where messages are has been told to whoever subscribed and published.
    faults.push({ path: [...path, 'mqtt', 'topics'], message: restart });
  }
  for (const [index, { name, pulsarNamespace }] of tenant.amqp091.vhosts.entries()) {
    const had = once?.vhosts.find((each) => each.name === name);
    if (had === undefined || had.pulsarNamespace === pulsarNamespace) continue;
    faults.push({ path: [...path, 'amqp091', 'vhosts', index, 'pulsarNamespace'], message: restart });
  }
  return faults;
}

/** Remembers of each tenant what must stay, its vhosts that were removed included. */
export function remember(known: TenantsOnce, config: GatewayConfig): TenantsOnce {
  const all = new Map(known);
  for (const { name: tenant, namespace, authorization, pulsar, mqtt, amqp091 } of config.tenants) {
    const { vhosts } = amqp091;
    const gone = (known.get(tenant)?.vhosts ?? []).filter(
      ({ name }) => !vhosts.some((each) => each.name === name),
    );
    const { topics } = mqtt;
    all.set(tenant, { namespace, authorization, pulsar, topics, vhosts: [...vhosts, ...gone] });
  }
  return all;
}

function byName({ tenants }: GatewayConfig): Map<string, TenantConfig> {
  return new Map(tenants.map((tenant) => [tenant.name, tenant]));
}

/** One level deep: `kafka.partitionsDefault`, but `users` as a whole. */
function differences(before: unknown, after: unknown): ConfigPath[] {
  return deepDifferences(before, after, [], 2);
}

/** Where two values differ; lists of as many entries are looked into. */
function deepDifferences(
  before: unknown,
  after: unknown,
  path: ConfigPath,
  depthMax = Number.POSITIVE_INFINITY,
): ConfigPath[] {
  if (isDeepStrictEqual(before, after)) return [];
  const alike =
    Array.isArray(before) && Array.isArray(after)
      ? before.length === after.length && depthMax === Number.POSITIVE_INFINITY
      : isRecord(before) && isRecord(after);
  if (!alike || path.length >= depthMax) return [path];
  const [from, to] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const inList = Array.isArray(after);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) =>
    deepDifferences(from[key], to[key], [...path, inList ? Number(key) : key], depthMax),
  );
}

function isRecord(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
