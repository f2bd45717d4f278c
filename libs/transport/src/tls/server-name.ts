const serverNameCharsMax = 253;
/** Labels as they are in use, underscores included; one of digits at the end would be an IPv4 address, which is harmless. */
const visibleAscii = /^[\x21-\x7e]+$/;
const hostName = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** A name from SNI (RFC 6066 3) in lower case; undefined when it is no host name. */
export function serverNameOf(sent: string): string | undefined {
  // First: lower case makes ASCII of some other letters, as of the Kelvin sign.
  if (!visibleAscii.test(sent)) return undefined;
  const name = sent.toLowerCase();
  return name.length <= serverNameCharsMax && hostName.test(name) ? name : undefined;
}

/** What is wrong with a configured name, `host.example` or `*.example`, in lower case. */
export function serverNameFault(name: string): string | undefined {
  const host = name.startsWith('*.') ? name.slice(2) : name;
  return serverNameOf(host) === host ? undefined : 'a host name in lower case, or *. and the rest of one';
}

/** What belongs to a name: the exact one, else `*.` in place of its first label (RFC 6125 6.4.3). */
export function byServerName<T>(entries: ReadonlyMap<string, T>, name: string): T | undefined {
  const exact = entries.get(name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  return dot === -1 ? undefined : entries.get(`*${name.slice(dot)}`);
}
