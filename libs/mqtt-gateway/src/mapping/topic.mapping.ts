import { decodeName, encodeName, topicNameFault as pulsarNameFault } from '#libs/auth';
import { MqttReasonCode, topicNameFault } from '#libs/mqtt-codec';
import type { MqttTopicRule } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { PulsarPlace } from './pulsar-place.js';
import { RecentMap } from './recent-map.js';
import { TopicRule } from './topic-rule.js';
import { mayBeEqual } from './topic-template.js';

/** The Pulsar topics that messages which a filter matches can be on. */
export interface TopicsOfFilter {
  /** Those whose names are certain; they need not exist. */
  readonly names: readonly string[];
  /** And any that is MQTT's (`MqttTopic.ofMqtt`). */
  readonly all: boolean;
}

/** MQTT topics whose places are remembered, twice. */
const remembered = 8_192;
/** Longer ones are not: memory. */
const rememberedCharsMax = 256;
/** [MQTT-1.5.4]: what a string of MQTT can hold. */
const topicBytesMax = 65_535;

/** How the MQTT topics of one tenant and Pulsar's topics and keys belong together (docs/mapping.md). Pure. */
export class TopicMapping {
  private readonly rules: readonly TopicRule[];
  private readonly places = new RecentMap<string, PulsarPlace | MqttError>(remembered);

  /** @param rules without fault (`topicRuleFaults`) */
  constructor(rules: readonly MqttTopicRule[]) {
    this.rules = rules.map((rule) => new TopicRule(rule));
  }

  /** MqttError 0x90: there is no Pulsar topic for it. */
  toPulsar(topic: string): PulsarPlace | MqttError {
    let place = this.places.get(topic);
    if (place === undefined) {
      place = this.checkedPlace(topic);
      if (topic.length <= rememberedCharsMax) this.places.set(topic, place);
    }
    return place;
  }

  /**
   * The MQTT topic of a message that does not say it (see {@link isOn}), undefined where it has none; `toPulsar` of what is
   * given has that Pulsar topic.
   *
   * @param key undefined: none, or one that is no text
   */
  fromPulsar(name: string, key: string | undefined): string | undefined {
    if (key !== undefined) {
      const told = this.topicAt(name, key);
      if (told !== undefined) return told;
    }
    const level = decodeName(name);
    if (level === undefined) return undefined;
    const topic = key === undefined ? level : `${level}/${key}`;
    if (this.isOn(topic, name)) return topic;
    return this.isOn(level, name) ? level : undefined;
  }

  /** Whether text is a topic name that messages of this Pulsar topic can have. */
  isOn(topic: string, name: string): boolean {
    if (!isTopicName(topic)) return false;
    const place = this.toPulsar(topic);
    return !(place instanceof MqttError) && place.topic === name;
  }

  /** Of a valid filter, without `$share/<group>/`. */
  pulsarTopicsOf(filter: string): TopicsOfFilter {
    const levels = filter.split('/');
    if (!levels.some((level) => level === '+' || level === '#')) {
      const place = this.toPulsar(filter);
      return { names: place instanceof MqttError ? [] : [place.topic], all: false };
    }
    const names = new Set<string>();
    let all = false;
    const add = (name: string | undefined) => {
      if (name === undefined) all = true;
      else if (pulsarNameFault(name) === undefined) names.add(name);
    };
    for (const rule of this.rules) {
      const found = rule.topicsOf(levels);
      if (found !== undefined) add(found.name);
    }
    const first = levels[0] as string;
    add(first === '+' || first === '#' ? undefined : encodeName(first));
    return { names: [...names], all };
  }

  /** Whether a rule has text that names this Pulsar topic: then filters that begin with a wildcard match it too. */
  isNamed(name: string): boolean {
    const own = { prefix: name, suffix: name, whole: true };
    return this.rules.some((rule) => rule.topic.literals.length > 0 && mayBeEqual(own, rule.topicEnds));
  }

  /** The rule that decides about a topic, from 0; undefined: the default. */
  ruleOf(topic: string): number | undefined {
    const index = this.rules.findIndex((rule) => rule.place(topic) !== undefined);
    return index < 0 ? undefined : index;
  }

  private checkedPlace(topic: string): PulsarPlace | MqttError {
    const place = this.placeOf(topic);
    const fault = pulsarNameFault(place.topic);
    if (fault !== undefined)
      return refusal(`the Pulsar topic would be ${place.topic.slice(0, 300)}: ${fault}`);
    const other = this.topicAt(place.topic, place.key);
    if (other !== topic) {
      return refusal(
        `Pulsar topic ${place.topic} and its key are those of the topic ${other?.slice(0, 300)}`,
      );
    }
    return place;
  }

  private placeOf(topic: string): PulsarPlace {
    for (const rule of this.rules) {
      const place = rule.place(topic);
      if (place !== undefined) return place;
    }
    const slash = topic.indexOf('/');
    return { topic: encodeName(slash < 0 ? topic : topic.slice(0, slash)), key: topic };
  }

  /** The one MQTT topic that has this place. */
  private topicAt(name: string, key: string): string | undefined {
    for (const rule of this.rules) {
      const topic = rule.reverse(name, key);
      if (topic !== undefined && this.hasPlace(topic, name, key)) return topic;
    }
    return this.hasPlace(key, name, key) ? key : undefined;
  }

  private hasPlace(topic: string, name: string, key: string): boolean {
    if (!isTopicName(topic)) return false;
    const place = this.placeOf(topic);
    return place.topic === name && place.key === key;
  }
}

/** Of what other protocols wrote, nothing may reach a client that a publisher could not have said. */
function isTopicName(topic: string): boolean {
  return (
    topicNameFault(topic) === undefined &&
    !topic.startsWith('$') &&
    !topic.includes('\0') &&
    (topic.length * 3 <= topicBytesMax || Buffer.byteLength(topic) <= topicBytesMax)
  );
}

function refusal(message: string): MqttError {
  return new MqttError(MqttReasonCode.TOPIC_NAME_INVALID, message);
}
