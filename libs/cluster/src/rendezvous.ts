import type { Member } from './member.js';

/**
 * The member that a key prefers: the one with the highest weight for it (rendezvous hashing), so that a member that
 * comes or goes moves only its own keys. Weights come from the node id: a gateway that returns gets its keys back.
 * Draining members only when there is no other.
 *
 * @param members at least one
 */
export function rendezvous(key: string, members: readonly Member[]): Member {
  if (members.length === 1) return members[0]!;
  const hash = hashOf(key);
  let chosen: Member | undefined;
  let chosenWeight = -1;
  for (const member of members) {
    const weight = mix(hash ^ mix(member.nodeId + 1)) + (member.state === 'live' ? 0x1_0000_0000 : 0);
    const wins = weight > chosenWeight || (weight === chosenWeight && member.nodeId < (chosen?.nodeId ?? 0));
    if (!wins) continue;
    chosen = member;
    chosenWeight = weight;
  }
  if (chosen === undefined) throw new RangeError('there is no member to choose');
  return chosen;
}

/** FNV-1a over UTF-16 units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: every bit of the number counts for every bit of the result. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
