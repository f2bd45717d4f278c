import { type PulsarAdmin, PulsarAdminError } from '../admin/index.js';
import { type NamespaceCheck, shellWord } from '../namespace-check.js';
import type { GrantAction } from './namespace-grants.js';

/** What the connections of a tenant do. */
const wanted: readonly GrantAction[] = ['consume', 'produce'];

/**
 * Whether roles may produce and consume in a namespace that can be read: granted on it or on some of its topics, or as
 * administrators of its tenant. With `apply` what is missing is granted, where this client's role may. Superusers need no
 * grant: a role that is one is not known as such, and granting it something changes nothing.
 */
export async function checkGrants(
  admin: PulsarAdmin,
  namespace: string,
  roles: readonly string[],
  apply: boolean,
): Promise<NamespaceCheck[]> {
  if (roles.length === 0) return [];
  const { auth_policies: policies } = await admin.namespacePolicies(namespace);
  const granted = new Map(Object.entries(policies?.namespace_auth ?? {}));
  const onTopics = Object.values(policies?.destination_auth ?? {}).flatMap((each) => Object.entries(each));
  const administrators = await administratorsOf(admin, namespace);
  const checks: NamespaceCheck[] = [];
  // One after the other: the broker loses one of two changes that are made to the same policies at once.
  for (const role of roles) {
    const before = granted.get(role) ?? [];
    const known = administrators.includes(role)
      ? wanted
      : [...before, ...onTopics.filter(([name]) => name === role).flatMap(([, actions]) => actions)];
    const mended = apply && !suffices(known) && (await grant(admin, namespace, role, before));
    checks.push(grantCheck(namespace, role, mended ? [...known, ...wanted] : known));
  }
  return checks;
}

function grantCheck(namespace: string, role: string, actions: readonly string[]): NamespaceCheck {
  const list = (each: readonly string[]) => [...new Set(each)].sort().join(',');
  // Granting replaces what was granted before.
  const all = list([...actions, ...wanted]);
  return {
    check: 'grants',
    ok: suffices(actions),
    found: `${role}: ${list(actions) || 'none'}`,
    wanted: `${role}: ${list(wanted)}`,
    command: `pulsar-admin namespaces grant-permission ${namespace} --role ${shellWord(role)} --actions ${all}`,
  };
}

function suffices(actions: readonly string[]): boolean {
  return wanted.every((each) => actions.includes(each));
}

async function grant(
  admin: PulsarAdmin,
  namespace: string,
  role: string,
  before: readonly string[],
): Promise<boolean> {
  try {
    await admin.grantPermission(namespace, role, [...new Set([...before, ...wanted])]);
    return true;
  } catch (error) {
    // Brokers without authorization have no grants, and need none.
    if (error instanceof PulsarAdminError && error.status === 501) return true;
    if (refused(error)) return false;
    throw error;
  }
}

async function administratorsOf(admin: PulsarAdmin, namespace: string): Promise<readonly string[]> {
  try {
    return (await admin.tenant(namespace.split('/')[0] ?? '')).adminRoles ?? [];
  } catch (error) {
    if (refused(error)) return [];
    throw error;
  }
}

function refused(error: unknown): boolean {
  return error instanceof PulsarAdminError && [401, 403].includes(error.status);
}
