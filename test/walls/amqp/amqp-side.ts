import type { AmqpCompositeInput } from '#libs/amqp-codec';
import { type AmqpClient, messageText } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { secretOf, type TenantName, userName } from '../two-tenants.js';

export type Source = Omit<AmqpCompositeInput<'source'>, 'type'>;

export interface AmqpSideSettings {
  readonly tenant: TenantName;
  readonly namespace: string;
  /** The container id of its clients, the same on both sides, and of one row: a link of one name is one link. */
  readonly container: string;
  /** `host:port` where it receives. */
  readonly near: string;
  /** Where it sends. */
  readonly far: string;
}

type Wire = AmqpClient & { cut(): void };

/** One tenant. */
export class AmqpSide {
  readonly #wires: Wire[] = [];

  constructor(readonly settings: AmqpSideSettings) {}

  /** What it says in messages: the other would say something else. */
  get said(): string {
    return `of ${this.settings.tenant}`;
  }

  get user(): string {
    return `${this.settings.tenant}/${userName}`;
  }

  get secret(): string {
    return secretOf(this.settings.tenant);
  }

  async wire(place: 'near' | 'far' = 'near'): Promise<Wire> {
    const wire = await openAmqpWire(this.settings[place]);
    this.#wires.push(wire);
    return wire;
  }

  /** With a session on channel 0. */
  async connect(place: 'near' | 'far' = 'near'): Promise<Wire> {
    const wire = await this.wire(place);
    await wire.open({ user: this.user, password: this.secret, containerId: this.settings.container });
    await wire.begin();
    return wire;
  }

  /** Receives on a link `link`. */
  async receives(source: Source, credit = 100): Promise<Wire> {
    const wire = await this.connect();
    const { source: given } = await wire.attachReceiver('', {
      ...{ name: 'link', credit },
      source: { type: 'source', ...source },
    });
    if (given === undefined) throw new Error(`${this.said} cannot receive: ${await refusal(wire)}`);
    return wire;
  }

  /** What it says is stored in each. */
  async sends(...addresses: readonly string[]): Promise<void> {
    const wire = await this.connect('far');
    for (const [handle, address] of addresses.entries()) {
      await wire.attachSender(address, { name: `to-${address}`, handle });
      wire.transfer(this.said, { handle });
      await wire.settled(1);
    }
  }

  close(): void {
    for (const wire of this.#wires) wire.cut();
  }
}

/** The next message, without an answer to it. */
export async function delivered(wire: AmqpClient): Promise<{ text: string; deliveryId: number }> {
  const { payload, deliveryId } = await wire.first('transfer');
  return { text: messageText(payload), deliveryId: deliveryId! };
}

/** The next message, accepted. */
export async function taken(wire: AmqpClient): Promise<string> {
  const { text, deliveryId } = await delivered(wire);
  wire.settle(deliveryId);
  return text;
}

/** The condition of the detach that follows an attach that was refused. */
export async function refusal(wire: AmqpClient): Promise<string | undefined> {
  return (await wire.first('detach')).error?.condition;
}
