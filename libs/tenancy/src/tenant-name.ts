/** Longest tenant name; it is part of metric labels and user names. */
export const tenantNameCharsMax = 64;

// What expressions, templates and back ends give when they have no value, what means "all tenants" elsewhere, and
// Pulsar's own tenants: a tenant of such a name would be reached by accident.
const reservedNames = new Set([
  'all',
  'any',
  'default',
  'false',
  'global',
  'nil',
  'none',
  'null',
  'public',
  'pulsar',
  'sample',
  'system',
  'true',
  'undefined',
]);
const reservedPrefix = 'pulsegate';

const hostName = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const tenantName = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const pulsarName = /^[-=:.\w]+$/;

/** Why `name` cannot be a tenant's name, or undefined. Lower case only: host names (SNI) know no other. */
export function tenantNameFault(name: string): string | undefined {
  if (name.length === 0 || name.length > tenantNameCharsMax) {
    return `a tenant name has 1 to ${tenantNameCharsMax} characters`;
  }
  if (!tenantName.test(name)) {
    return 'a tenant name is of a-z, 0-9, ".", "_" and "-", with a letter or digit at both ends';
  }
  if (reservedNames.has(name) || name.startsWith(reservedPrefix)) return `"${name}" is reserved`;
  return undefined;
}

/** Why `namespace` cannot hold a tenant's topics, or undefined. Names are as Pulsar's `NamedEntity` has them. */
export function pulsarNamespaceFault(namespace: string): string | undefined {
  const parts = namespace.split('/');
  if (parts.length !== 2 || !parts.every((part) => pulsarName.test(part))) {
    return `a Pulsar namespace is "<tenant>/<namespace>", not ${JSON.stringify(namespace)}`;
  }
  if (parts[0] === 'pulsar') return 'the Pulsar tenant "pulsar" is the broker\'s own';
  return undefined;
}

/** Why `name` cannot be one of a tenant's host names, or undefined. */
export function serverNameFault(name: string): string | undefined {
  // 253: RFC 1035. A wildcard for a whole top-level domain would be everybody's.
  const fits = name.length <= 253 && hostName.test(name) && !/^\*\.[^.]*$/.test(name);
  return fits
    ? undefined
    : 'a server name is a host name in lower case, or "*." and a domain of two labels or more';
}

/** Why AMQP 0-9-1 clients cannot say `name` for a vhost, or undefined. */
export function vhostNameFault(name: string): string | undefined {
  // A short string of the protocol.
  const fits = name !== '' && Buffer.byteLength(name) <= 255 && !name.includes('\0') && name.isWellFormed();
  return fits ? undefined : 'the name of a vhost is a text of 1 to 255 bytes';
}
