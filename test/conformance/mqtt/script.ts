import type { MqttProtocolLevel } from '#libs/mqtt-codec';
import { MqttWire } from '../../support/mqtt-wire.js';

/** What a client does before the gateway, to see that certain statements hold there. Throws when one does not. */
export interface Script {
  /** In words, for the table. */
  readonly name: string;
  /** Ids without `MQTT-`. */
  readonly statements: readonly string[];
  run(bed: ScriptBed): Promise<void>;
}

export interface ScriptBedOptions {
  /** `host:port` */
  readonly address: string;
  /** `ws://host:port/path` */
  readonly webSocketUrl: string;
  readonly level: MqttProtocolLevel;
  /** Of topics and client identifiers. */
  readonly prefix: string;
}

/** The connections of one script, and names that no other script has. */
export class ScriptBed {
  readonly level: MqttProtocolLevel;
  readonly webSocketUrl: string;
  readonly #address: string;
  readonly #prefix: string;
  readonly #wires: MqttWire[] = [];
  #ready = 0;

  constructor({ address, level, prefix, webSocketUrl }: ScriptBedOptions) {
    this.level = level;
    this.webSocketUrl = webSocketUrl;
    this.#address = address;
    this.#prefix = prefix;
  }

  async open(): Promise<MqttWire> {
    const wire = await MqttWire.open(this.#address, this.level);
    this.#wires.push(wire);
    return wire;
  }

  /** A connection that was accepted. */
  async connect(options: Parameters<MqttWire['connect']>[0] = {}): Promise<MqttWire> {
    const wire = await this.open();
    const { reasonCode } = await wire.connect(options);
    if (reasonCode !== 0) throw new Error(`CONNACK ${reasonCode}`);
    return wire;
  }

  topic(rest: string): string {
    return `${this.#prefix}/${rest}`;
  }

  clientId(rest: string): string {
    return `${this.#prefix}${rest}`;
  }

  /**
   * What was retained before is given to its subscriptions. Until then a message that is retained now may come twice: as
   * retained, too (docs/mqtt-conformance.md).
   */
  async replayed(wire: MqttWire): Promise<void> {
    const topic = `${this.#prefix}ready/${this.#ready++}`;
    await wire.publish(topic, 'ready', { retain: true });
    await wire.subscribe(topic);
    // One subscription is replayed after the other.
    mustBe('the end of the replay', await wire.texts(1), ['ready']);
  }

  end(): void {
    for (const wire of this.#wires) wire.cut();
  }
}

/** What a statement demands, in the words of the failure. */
export function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

export function mustHold(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** Pairs of topics that look or read alike are different topics: who subscribed to the one hears nothing of the other. */
export async function keepsApart(
  bed: ScriptBed,
  pairs: readonly (readonly [one: string, other: string])[],
): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(pairs.map(([one]) => bed.topic(one)));
  for (const [one, other] of pairs) {
    await wire.publish(bed.topic(other), 'another');
    await wire.publish(bed.topic(one), one);
    const { topic, payload } = await wire.message();
    mustBe('topic and text', [topic, payload.toString()], [bed.topic(one), one]);
  }
}
