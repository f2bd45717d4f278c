import { userNameFault } from '../user-name.js';

/** Where a claim is: its name, or the names from the outermost object in (`[realm_access, roles]`). */
export type ClaimPath = string | readonly string[];

/** Which claims say who somebody is. */
export interface JwtClaimNames {
  /** Default `sub`. */
  readonly user?: ClaimPath | undefined;
  /** Absent where all users of the issuer are of one tenant. */
  readonly tenant?: ClaimPath | undefined;
  /** Default `groups`. The claim itself may be absent, which is no groups. */
  readonly groups?: ClaimPath | undefined;
}

/** Whom a token is for. */
export interface TokenIdentity {
  readonly user: string;
  /** By name; nobody has looked yet whether there is such a tenant. */
  readonly tenant: string;
  readonly groups: readonly string[];
}

/** A verified token that says nothing that could be used. The message is for the log and repeats nothing of it. */
export class ClaimFault extends Error {
  override readonly name = 'ClaimFault';
}

export const tokenGroupsMax = 256;
export const groupNameCharsMax = 256;
export const claimPathMax = 8;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Who the bearer of a verified token is. What is there must be of the right form: a group that were left out could be
 * the one that a deny rule is for.
 *
 * @param fixedTenant of all the issuer's users; the claim is not looked at then
 * @throws ClaimFault
 */
export function tokenIdentity(
  payload: Readonly<Record<string, unknown>>,
  names: JwtClaimNames,
  fixedTenant: string | undefined,
): TokenIdentity {
  const user = claimAt(payload, names.user ?? 'sub');
  if (typeof user !== 'string' || !user.isWellFormed() || control.test(user)) {
    throw new ClaimFault('the claim of the user is missing or no name');
  }
  const fault = userNameFault(user);
  if (fault !== undefined) throw new ClaimFault(`the claim of the user: ${fault}`);
  const tenant = fixedTenant ?? (names.tenant === undefined ? undefined : claimAt(payload, names.tenant));
  if (typeof tenant !== 'string') throw new ClaimFault('the claim of the tenant is missing or no name');
  return { user, tenant, groups: groupsOf(claimAt(payload, names.groups ?? 'groups')) };
}

function groupsOf(claim: unknown): readonly string[] {
  if (claim === undefined) return [];
  const groups = typeof claim === 'string' ? [claim] : claim;
  if (!Array.isArray(groups)) throw new ClaimFault('the claim of the groups is no list of names');
  if (groups.length > tokenGroupsMax) throw new ClaimFault(`there are more than ${tokenGroupsMax} groups`);
  if (!groups.every(isGroupName)) throw new ClaimFault('one of the groups has no name that could be used');
  return groups;
}

function isGroupName(group: unknown): group is string {
  if (typeof group !== 'string' || group.length === 0 || group.length > groupNameCharsMax) return false;
  return group.isWellFormed() && !control.test(group);
}

function claimAt(payload: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let value: unknown = payload;
  for (const name of typeof path === 'string' ? [path] : path) {
    // Own members only: `constructor` and its like are in every object.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
