import { tenantAmqp091Defaults, type Tenant } from '#libs/tenancy';
import { escapePattern, PermissionPattern } from './permission-pattern.js';

export type RabbitAction = 'configure' | 'write' | 'read';

/** Answers remembered of one user; when there are more, all are forgotten. A client chooses the names. */
const rememberedMax = 4_096;

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
    const filled = (text: string) => new PermissionPattern(fill(text, { user, vhost, clientId }));
    for (const each of topicPermissions) {
      if (each.user !== user || each.vhost !== vhost) continue;
      this.#topics.set(each.exchange, { write: filled(each.write), read: filled(each.read) });
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

/** No character, so it matches nothing. */
const nothing = '[^\\w\\W]';

/** What a client says stands for itself: it never becomes part of the expression. */
function fill(
  text: string,
  {
    user,
    vhost,
    clientId,
  }: { readonly user: string; readonly vhost: string; readonly clientId: string | undefined },
): string {
  return text
    .replaceAll('{username}', () => escapePattern(user))
    .replaceAll('{vhost}', () => escapePattern(vhost))
    .replaceAll('{client_id}', () => (clientId === undefined ? nothing : escapePattern(clientId)));
}
