import type { OpenSettings } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { Peer } from './peer.js';

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

  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

/** Until it is so; throws when it does not become so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 45_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
