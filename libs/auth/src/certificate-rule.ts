import type { CertificateAttribute } from './principal.js';
import { userNameFault } from './user-name.js';

/** Says which certificates are whom. */
export interface CertificateRule {
  readonly from: CertificateAttribute['kind'];
  /** A value, with at most one `*` for one character or more. */
  readonly match: string;
  /** The user's name: text in which `$0` is the whole value and `$1` what `*` stood for. */
  readonly user: string;
  readonly tenant?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** Whom a rule made of a certificate. */
export interface CertificateIdentity {
  readonly user: string;
  readonly tenant: string | undefined;
  readonly groups: readonly string[];
}

/** Longest value that is looked at. */
const valueCharsMax = 1_024;
/** Host names know no upper and lower case (RFC 4343). */
const caseless: CertificateAttribute['kind'] = 'san.dns';

/** Why a rule is none, or undefined. */
export function certificateRuleFault({ match, user }: CertificateRule): string | undefined {
  const stars = match.split('*').length - 1;
  if (match === '') return 'match is not empty';
  if (stars > 1) return 'match has at most one "*": with two it would be open what each stands for';
  const odd = /\$(?![01])/.exec(user);
  if (odd) return 'in user "$0" is the whole value and "$1" what "*" stood for; there is no other "$"';
  if (stars === 0 && user.includes('$1')) return 'user has "$1", but match has no "*"';
  return userNameFault(user.replaceAll(/\$[01]/g, 'x'));
}

/**
 * Whom the first rule that matches makes of a certificate; undefined when none does. `ambiguous`: it matches several values
 * that would be different users, or what comes out is no user's name; no later rule is asked then.
 */
export function certificateIdentity(
  rules: readonly CertificateRule[],
  attributes: readonly CertificateAttribute[] | undefined,
): CertificateIdentity | 'ambiguous' | undefined {
  if (attributes === undefined) return undefined;
  for (const rule of rules) {
    const users = new Set(
      attributes
        .filter(({ kind }) => kind === rule.from)
        .map(({ value }) => userOf(rule, value))
        .filter((user) => user !== undefined),
    );
    if (users.size === 0) continue;
    const [user] = users as ReadonlySet<string>;
    if (users.size > 1 || user === undefined || userNameFault(user) !== undefined) return 'ambiguous';
    return { user, tenant: rule.tenant, groups: rule.groups ?? [] };
  }
  return undefined;
}

function userOf({ from, match, user }: CertificateRule, given: string): string | undefined {
  if (given.length > valueCharsMax) return undefined;
  const value = from === caseless ? given.toLowerCase() : given;
  const wanted = from === caseless ? match.toLowerCase() : match;
  const star = wanted.indexOf('*');
  let matched = '';
  if (star === -1) {
    if (value !== wanted) return undefined;
  } else {
    const [before, after] = [wanted.slice(0, star), wanted.slice(star + 1)];
    const fits =
      value.length > before.length + after.length && value.startsWith(before) && value.endsWith(after);
    if (!fits) return undefined;
    matched = value.slice(before.length, value.length - after.length);
  }
  // A function, so that no "$" of the value is taken for a placeholder.
  return user.replaceAll(/\$[01]/g, (placeholder) => (placeholder === '$0' ? value : matched));
}
