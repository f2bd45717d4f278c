import { type ClientLimits, everyName } from '#libs/tenancy';

type Setting = Exclude<keyof ClientLimits, 'user' | 'clientId'>;

/** Who has used up something together, and how much that may be. */
export interface FoundLimit<T> {
  /** One name for all connections that share it. */
  readonly entity: string;
  readonly value: T;
}

const separator = '\u0000';
/** Those that begin with as many equal ones share what they may: longer names would be memory of the client's choice. */
const clientIdCharsMax = 200;

/** The name of a user, of a client id or of both together, in one tenant. */
export function entityName(user: string | undefined, clientId: string | undefined): string {
  return `${user === undefined ? '' : `u${user}`}${separator}${clientId === undefined ? '' : `c${clientId}`}`;
}

/** What {@link entityName} was made of. */
export function entityParts(name: string): { readonly user: string; readonly clientId: string } {
  const [user = '', clientId = ''] = name.split(separator);
  return { user: user.slice(1), clientId: clientId.slice(1) };
}

/**
 * Settings of users and client ids. For each kind of limit the most specific one counts, in Kafka's order: user and client
 * id, user and every client id, user, every user and client id, every user and every client id, every user, client id, every
 * client id. What the setting names is whose use is counted together.
 */
export class ClientRules {
  readonly #byName = new Map<string, ClientLimits>();

  constructor(rules: Iterable<ClientLimits>) {
    for (const rule of rules) {
      const name = entityName(rule.user, rule.clientId);
      this.#byName.set(name, { ...this.#byName.get(name), ...rule });
    }
  }

  get size(): number {
    return this.#byName.size;
  }

  /** @param clientId undefined: no setting of client ids counts */
  find<K extends Setting>(
    setting: K,
    user: string,
    clientId: string | undefined,
  ): FoundLimit<NonNullable<ClientLimits[K]>> | undefined {
    const clientIds = clientId === undefined ? [] : [clientId, everyName];
    const shown = clientId?.slice(0, clientIdCharsMax);
    for (const ofUser of [user, everyName]) {
      for (const ofClient of clientIds) {
        const value = this.#byName.get(entityName(ofUser, ofClient))?.[setting];
        if (value !== undefined) return { entity: entityName(user, shown), value };
      }
      const value = this.#byName.get(entityName(ofUser, undefined))?.[setting];
      if (value !== undefined) return { entity: entityName(user, undefined), value };
    }
    for (const ofClient of clientIds) {
      const value = this.#byName.get(entityName(undefined, ofClient))?.[setting];
      if (value !== undefined) return { entity: entityName(undefined, shown), value };
    }
    return undefined;
  }
}
