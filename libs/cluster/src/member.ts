/** Where clients of one of a member's listeners connect. */
export interface MemberListener {
  readonly name: string;
  readonly protocol: string;
  /** As advertised. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** One gateway, as the others know it. */
export interface Member {
  /** 0 to 2^31-1; no two live members have the same. */
  readonly nodeId: number;
  /** Of this start of the process: a gateway that comes back is another instance. */
  readonly instance: string;
  readonly state: 'live' | 'draining';
  readonly listeners: readonly MemberListener[];
  /** Its internal listener; port 0 while it has none. */
  readonly internal: { readonly host: string; readonly port: number };
}

/**
 * Where clients that came by a listener of this name reach the member: gateways are expected to have the same listeners.
 * One that has none of this name is reached by one of the same protocol, if possible with the same TLS.
 */
export function listenerOf(
  member: Member,
  wanted: Pick<MemberListener, 'name' | 'protocol' | 'tls'>,
): MemberListener | undefined {
  const { listeners } = member;
  const ofProtocol = listeners.filter(({ protocol }) => protocol === wanted.protocol);
  return (
    ofProtocol.find(({ name }) => name === wanted.name) ??
    ofProtocol.find(({ tls }) => tls === wanted.tls) ??
    ofProtocol[0]
  );
}

/** For people: `0, 1 (draining)`. */
export function memberNames(members: readonly Member[]): string {
  return members
    .map(({ nodeId, state }) => (state === 'live' ? `${nodeId}` : `${nodeId} (${state})`))
    .join(', ');
}
