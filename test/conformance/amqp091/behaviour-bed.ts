import type { OpenSettings } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { Peer, type Tail } from './peer.js';
import { until as soon } from '../../support/until.js';

/** Users of the gateway that the table runs before; all have this password. */
export const behaviourPassword = 'secret';

/** The connections of one test, and names that no other test has. */
export class BehaviourBed {
  readonly #ends: (() => void)[] = [];

  /** @param addresses `host:port` */
  constructor(
    readonly addresses: readonly string[],
    private readonly prefix: string,
  ) {}

  name(rest: string): string {
    return `${this.prefix}.${rest}`;
  }

  /** A connection on which nothing was said, of each in turn. */
  async wire(): Promise<Amqp091Wire> {
    const wire = await openAmqp091Wire(this.addresses[this.#ends.length % this.addresses.length]!);
    this.#ends.push(() => wire.cut());
    return wire;
  }

  /** A connection with channel 1. Without settings it is the user that may do everything. */
  async peer(settings: OpenSettings = {}): Promise<Peer> {
    const wire = await this.wire();
    const password = settings.user === undefined ? {} : { password: behaviourPassword };
    await wire.open({ ...password, ...settings });
    await wire.openChannel();
    return new Peer(wire);
  }

  /** A peer, and a queue that it has declared. */
  async queue(...rest: Tail<Peer['queue']>): Promise<{ peer: Peer; name: string }> {
    const [peer, name] = [await this.peer(), this.name('q')];
    await peer.queue(name, ...rest);
    return { peer, name };
  }

  /** With these in it. */
  async filled(...bodies: readonly string[]): Promise<{ peer: Peer; name: string }> {
    const declared = await this.queue();
    await declared.peer.fill(declared.name, ...bodies);
    return declared;
  }

  /** A peer, and an exchange that it has declared. */
  async exchange(...rest: Tail<Peer['exchange']>): Promise<{ peer: Peer; name: string }> {
    const [peer, name] = [await this.peer(), this.name('e')];
    await peer.exchange(name, ...rest);
    return { peer, name };
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

/** Until it is so; throws when it does not become so. */
export const until = (what: string, isSo: () => boolean | Promise<boolean>) => soon(isSo, what, 45_000);
