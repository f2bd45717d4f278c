import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';

/** Topic aliases that the client set, for the life of its connection [MQTT-3.3.2-7]. */
export class InboundAliases {
  readonly #topics = new Map<number, string>();

  constructor(private readonly aliasMax: number) {}

  /**
   * The topic of a PUBLISH with an alias.
   *
   * @param topic empty: the one that the alias stands for
   * @throws MqttError 0x94 for an alias above the maximum [MQTT-3.3.2-9], 0x82 for one that was not set
   */
  resolve(topic: string, alias: number): string {
    if (alias > this.aliasMax) {
      throw new MqttError(
        MqttReasonCode.TOPIC_ALIAS_INVALID,
        `topic alias ${alias}, at most ${this.aliasMax}`,
      );
    }
    if (topic !== '') {
      this.#topics.set(alias, topic);
      return topic;
    }
    const known = this.#topics.get(alias);
    if (known === undefined) {
      throw new MqttError(MqttReasonCode.PROTOCOL_ERROR, `topic alias ${alias} that was not set`);
    }
    return known;
  }
}

export interface OutboundAlias {
  readonly alias: number;
  /** The client knows it: the topic is left out. */
  readonly known: boolean;
}

/** Topic aliases towards the client; when all are taken, the one that was not used for the longest time is set anew. */
export class OutboundAliases {
  /** The longest unused one first. */
  readonly #aliases = new Map<string, number>();

  constructor(private readonly aliasMax: number) {}

  /** What a PUBLISH of this topic is to be sent with; it counts only when {@link sent} is told. */
  of(topic: string): OutboundAlias {
    const known = this.#aliases.get(topic);
    if (known !== undefined) return { alias: known, known: true };
    if (this.#aliases.size < this.aliasMax) return { alias: this.#aliases.size + 1, known: false };
    const [oldest] = this.#aliases.values();
    return { alias: oldest!, known: false };
  }

  sent(topic: string, { alias, known }: OutboundAlias): void {
    if (known) this.#aliases.delete(topic);
    else if (this.#aliases.size >= this.aliasMax) {
      const [oldest] = this.#aliases.keys();
      this.#aliases.delete(oldest!);
    }
    this.#aliases.set(topic, alias);
  }
}
