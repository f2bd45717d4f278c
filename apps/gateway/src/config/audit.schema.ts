import { z } from 'zod';
import { parseTopicName } from '#libs/pulsar';
import type { ConfigFault, ConfigPath } from './config-fault.js';

const settings = z.strictObject({
  log: z.boolean().default(true).describe('Lines with `event: audit`.'),
  topic: z
    .string()
    .min(1)
    .optional()
    .describe(
      '`persistent://tenant/namespace/topic`, which holds them as JSON. In no namespace of a tenant.',
    ),
  allowed: z
    .boolean()
    .default(false)
    .describe('Also the first time that a user was allowed to do something to a resource.'),
});

export const audit = z
  .union([z.boolean(), settings])
  .default(false)
  .describe('Who came, what was denied and what was changed: true for the log alone.')
  .transform((given) => {
    if (given === false) return undefined;
    return given === true ? settings.parse({}) : given;
  });

export type AuditConfig = NonNullable<z.output<typeof audit>>;

/** Who reads the trail reads of all tenants. @param namespaces of tenants and vhosts */
export function auditFaults(
  config: AuditConfig | undefined,
  path: ConfigPath,
  namespaces: ReadonlySet<string>,
): ConfigFault[] {
  if (config?.topic === undefined) return [];
  const at = [...path, 'topic'];
  try {
    const { full, tenant, namespace } = parseTopicName(config.topic);
    if (full !== config.topic || !full.startsWith('persistent://')) {
      return [{ path: at, message: 'give the full name, persistent://tenant/namespace/topic' }];
    }
    const clients = namespaces.has(`${tenant}/${namespace}`);
    return clients ? [{ path: at, message: `clients of a tenant reach ${tenant}/${namespace}` }] : [];
  } catch (error) {
    return [{ path: at, message: (error as Error).message }];
  }
}
