import { type Action, type Authorizer, nameMatches, type Verdict } from '#libs/auth';
import type { AmqpAddress } from '../address.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';

/**
 * Says what AMQP clients may do, before anything is looked up. The queue Q and the topic Q are one Pulsar topic: permission
 * for either allows, and a deny of either wins. What is decided is remembered by the authorizer.
 */
export class AmqpAuthorization {
  constructor(private readonly authorizer: Authorizer) {}

  maySend(identity: AmqpIdentity, address: AmqpAddress): boolean {
    return this.#may(identity, 'produce', address);
  }

  /** Of a temporary node: that it is the client's own is for others to know. */
  mayReceive(identity: AmqpIdentity, address: AmqpAddress): boolean {
    if (!this.#may(identity, 'consume', address)) return false;
    return address.kind !== 'subscription' || this.maySubscribe(identity, address.subscription);
  }

  /** By a subscription of this name. Where there is a rule about the group of its name, it needs that too. */
  maySubscribe({ principal, containerId }: AmqpIdentity, subscription: string): boolean {
    const group = { type: 'group', name: subscription } as const;
    const verdict = this.authorizer.judge(principal, 'consume', group, containerId);
    return verdict === 'none' ? !this.#isGuarded(principal.tenant.name, subscription) : verdict === 'allow';
  }

  /** Another number whenever an answer may have changed. */
  version(tenant: string): number {
    return this.authorizer.version(tenant);
  }

  #may({ principal, containerId }: AmqpIdentity, action: Action, address: AmqpAddress): boolean {
    const { name } = address;
    const judge = (type: 'topic' | 'queue'): Verdict =>
      this.authorizer.judge(principal, action, { type, name }, containerId);
    const byTopic = judge('topic');
    // What Pulsar grants is about its topics, and it knows no queues.
    if (this.authorizer.hasPolicy(principal.tenant.name)) return byTopic === 'allow';
    const byQueue = judge('queue');
    if (byTopic === 'deny' || byQueue === 'deny') return false;
    // Nobody can guess the name of a temporary node: who has it was told by the one who made it.
    return byTopic === 'allow' || byQueue === 'allow' || address.kind === 'temporary';
  }

  /** Whether a rule for groups, and not for everything, allows it to somebody. */
  #isGuarded(tenant: string, subscription: string): boolean {
    return this.authorizer.rulesOf(tenant).some(({ rule: { effect, resource } }) => {
      if (effect === 'deny' || resource.type !== 'group' || resource.match === 'filter') return false;
      const { match, name } = resource;
      if (!/%[uc]/.test(name)) return nameMatches(match, name, subscription);
      const pattern = name.replaceAll(/%[uc]/g, '*');
      return nameMatches('pattern', match === 'prefix' ? `${pattern}*` : pattern, subscription);
    });
  }
}
