import type { Principal } from '#libs/auth';
import { type Tenant, type TenantAmqp091Options, tenantAmqp091Defaults } from '#libs/tenancy';
import { escapePattern, PermissionPattern } from './permission-pattern.js';
import { PatternFault } from './pattern-syntax.js';

export type RabbitAction = 'configure' | 'write' | 'read';

/** Answers remembered of one user; when there are more, all are forgotten. A client chooses the names. */
const rememberedMax = 1_024;
/** Of one user: vhosts, and what its clients call themselves where that matters. */
const perPrincipalMax = 64;

/** What was made of the options that a user's tenant had then. */
interface Compiled {
  readonly options: TenantAmqp091Options;
  readonly byVhost: Map<string, RabbitPermissions>;
}

const known = new WeakMap<Principal, Compiled>();

/** One for all connections of a user to a vhost: what is compiled and remembered is not a connection's. */
export function rabbitPermissionsOf(
  principal: Principal,
  vhost: string,
  clientId: string | undefined,
): RabbitPermissions {
  const options = principal.tenant.amqp091 ?? tenantAmqp091Defaults;
  let compiled = known.get(principal);
  if (compiled?.options !== options) known.set(principal, (compiled = { options, byVhost: new Map() }));
  const { byVhost: ofPrincipal } = compiled;
  const { topicPermissions } = options;
  const named = topicPermissions.some(
    (each) => each.user === principal.user && (asksClient(each.write) || asksClient(each.read)),
  );
  const key = `${vhost.length}:${vhost}${named ? (clientId ?? '') : ''}`;
  let found = ofPrincipal.get(key);
  if (found !== undefined) return found;
  if (ofPrincipal.size >= perPrincipalMax) ofPrincipal.clear();
  found = new RabbitPermissions(principal.tenant, vhost, principal.user, named ? clientId : undefined);
  ofPrincipal.set(key, found);
  return found;
}

/** What `permissions` and `topicPermissions` of a tenant say of one user in one vhost. */
export class RabbitPermissions {
  readonly #patterns: Readonly<Record<RabbitAction, PermissionPattern>> | undefined;
  /** By exchange. */
  readonly #topics = new Map<
    string,
    { readonly write: PermissionPattern; readonly read: PermissionPattern }
  >();
  readonly #remembered = new Map<string, boolean>();

  /**
   * @param clientId what the client calls itself, for `{client_id}`; undefined: patterns with it match nothing
   * @throws PatternFault: configurations are checked before
   */
  constructor(tenant: Tenant, vhost: string, user: string, clientId: string | undefined) {
    const { permissions, topicPermissions } = tenant.amqp091 ?? tenantAmqp091Defaults;
    const own = permissions.find((each) => each.user === user && each.vhost === vhost);
    if (own !== undefined) {
      const { configure, write, read } = own;
      this.#patterns = {
        configure: new PermissionPattern(configure),
        write: new PermissionPattern(write),
        read: new PermissionPattern(read),
      };
    }
    const names = { user, vhost, clientId };
    for (const each of topicPermissions) {
      if (each.user !== user || each.vhost !== vhost) continue;
      const { exchange, write, read } = each;
      this.#topics.set(exchange, { write: filled(write, names), read: filled(read, names) });
    }
  }

  /** False where the user has no permissions in the vhost. */
  allows(action: RabbitAction, name: string): boolean {
    const pattern = this.#patterns?.[action];
    return pattern !== undefined && this.#remember(`${action}:${name}`, () => pattern.matches(name));
  }

  /** True where nothing is said about the exchange, as in RabbitMQ. */
  allowsTopic(action: 'write' | 'read', exchange: string, routingKey: string): boolean {
    const patterns = this.#topics.get(exchange);
    if (patterns === undefined) return true;
    const key = `${action} topic ${exchange.length}:${exchange}${routingKey}`;
    return this.#remember(key, () => patterns[action].matches(routingKey));
  }

  #remember(key: string, decide: () => boolean): boolean {
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const answer = decide();
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    this.#remembered.set(key, answer);
    return answer;
  }
}

interface Names {
  readonly user: string;
  readonly vhost: string;
  readonly clientId: string | undefined;
}

const clientPlaceholder = '{client_id}';
/** No character, so it matches nothing. */
const nothing = '[^\\w\\W]';

function asksClient(text: string): boolean {
  return text.includes(clientPlaceholder);
}

/** What a client says stands for itself: it never becomes part of the expression. */
export function fillNames(text: string, { user, vhost, clientId }: Names): string {
  const itself = (name: string) => `(?:${escapePattern(name)})`;
  return text
    .replaceAll('{username}', () => itself(user))
    .replaceAll('{vhost}', () => itself(vhost))
    .replaceAll(clientPlaceholder, () => (clientId === undefined ? nothing : itself(clientId)));
}

/** Names that make it too long have no permission. */
function filled(text: string, names: Names): PermissionPattern {
  try {
    return new PermissionPattern(fillNames(text, names));
  } catch (error) {
    if (error instanceof PatternFault) return new PermissionPattern(nothing);
    throw error;
  }
}
