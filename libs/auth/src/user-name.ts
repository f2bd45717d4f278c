import { anonymousUser } from './principal.js';

/** Longest user name, without the tenant. */
export const userNameCharsMax = 128;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const forbidden = /[\u0000-\u0020\u007f/]/;

/** Why `name` cannot be a user's name, or undefined. A `/` would make `tenant/user` ambiguous. */
export function userNameFault(name: string): string | undefined {
  if (name.length === 0 || name.length > userNameCharsMax) {
    return `a user name has 1 to ${userNameCharsMax} characters`;
  }
  if (forbidden.test(name)) return 'a user name has no "/", space or control character';
  if (name === anonymousUser) return `"${anonymousUser}" is reserved`;
  return undefined;
}

/** Whom a client says it is. `tenant` is undefined when it named none. */
export interface ClaimedUser {
  readonly tenant: string | undefined;
  readonly user: string;
}

/** Reads `tenant/user`, `user@tenant` (of several `@` the last counts) or `user`. */
export function claimedUser(name: string): ClaimedUser {
  const slash = name.indexOf('/');
  if (slash !== -1) return { tenant: name.slice(0, slash), user: name.slice(slash + 1) };
  const at = name.lastIndexOf('@');
  if (at !== -1) return { tenant: name.slice(at + 1), user: name.slice(0, at) };
  return { tenant: undefined, user: name };
}
