import type { Action, Authorizer, Principal, ScopeVerdict, Verdict } from '#libs/auth';
import { type MqttQos, splitSharedFilter } from '#libs/mqtt-codec';
import type { TopicMapping } from '../mapping/topic.mapping.js';
import { MqttError } from '../mqtt.errors.js';
import type { SubscribeDecision } from '../mqtt.services.js';

/** What is longer is decided each time. */
const rememberedCharsMax = 512;
/** Topics remembered of one client; when there are more, all are forgotten. */
const rememberedTopicsMax = 1_024;
/** What a remembered topic takes beside its name. */
const entryBytes = 96;
/** Of each topic two bits for each question: whether it was decided, and how. Questions: 2 x QoS + retain, and receiving. */
const receiving = 6;
const nothingOf: ScopeVerdict = { allowed: 'none', denied: 'none' };

/**
 * What one client may do. A message has two names: its MQTT topic and the Pulsar topic that it is on. Either may be allowed,
 * and neither may be denied. Topics that begin with `$` have the first alone. Where Pulsar's grants decide, the second
 * alone counts.
 */
export class ClientPermissions {
  #version = 0;
  // Made when it is first needed: most clients are idle, or only subscribe.
  #known: Map<string, number> | undefined;

  constructor(
    private readonly authorizer: Authorizer,
    private readonly topics: TopicMapping,
    private readonly principal: Principal,
    private readonly clientId: string,
    /** Hears about how many bytes are remembered more. */
    private readonly remembering: (bytes: number) => void,
  ) {}

  /** One map look-up once it was decided. */
  mayPublish(topic: string, qos: MqttQos, retain: boolean): boolean {
    return this.#ask(topic, 2 * qos + (retain ? 1 : 0));
  }

  mayReceive(topic: string): boolean {
    return this.#ask(topic, receiving);
  }

  /** @param filter valid; of a shared subscription with its `$share/name/` */
  maySubscribe(filter: string, qos: MqttQos): SubscribeDecision {
    const { authorizer, principal, clientId } = this;
    const plain = splitSharedFilter(filter)?.filter ?? filter;
    const mqtt = authorizer.judgeFilter(principal, 'consume', plain, qos, clientId);
    const pulsar = plain.startsWith('$') ? nothingOf : this.#judgePulsarTopics(plain);
    if (mqtt.denied === 'all' || pulsar.denied === 'all') return 'denied';
    const partly = mqtt.denied === 'some' || pulsar.denied === 'some';
    if (mqtt.allowed === 'all' || pulsar.allowed === 'all') return partly ? 'per-message' : 'allowed';
    // Who may read what is Pulsar's to say: nobody asks it about topics that are not there yet.
    const byPulsar = authorizer.hasPolicy(principal.tenant.name) && pulsar.allowed === 'some';
    return byPulsar ? 'per-message' : 'denied';
  }

  /** About those that messages which the filter says can be on. */
  #judgePulsarTopics(filter: string): ScopeVerdict {
    const { authorizer, principal, clientId } = this;
    const { names, all } = this.topics.pulsarTopicsOf(filter);
    const verdicts: ScopeVerdict[] = names.map((name) =>
      scopeOf(authorizer.judge(principal, 'consume', { type: 'topic', name }, clientId)),
    );
    if (all) verdicts.push(authorizer.judgeEvery(principal, 'consume', 'topic'));
    return { allowed: joined(verdicts, 'allowed'), denied: joined(verdicts, 'denied') };
  }

  #ask(topic: string, question: number): boolean {
    const version = this.authorizer.version(this.principal.tenant.name);
    if (version !== this.#version) {
      this.#version = version;
      this.#known = undefined;
    }
    const known = this.#known?.get(topic) ?? 0;
    const bits = known >>> (2 * question);
    if ((bits & 1) !== 0) return (bits & 2) !== 0;
    const allowed = this.#judge(topic, question) === 'allow';
    if (topic.length <= rememberedCharsMax) this.#remember(topic, known, question, allowed);
    return allowed;
  }

  #remember(topic: string, known: number, question: number, allowed: boolean): void {
    if (this.#known === undefined || this.#known.size >= rememberedTopicsMax) this.#known = new Map();
    this.#known.set(topic, known | ((allowed ? 3 : 1) << (2 * question)));
    if (known === 0) this.remembering(entryBytes + 2 * topic.length);
  }

  #judge(topic: string, question: number): Verdict {
    const { authorizer, principal, clientId } = this;
    const action: Action = question === receiving ? 'consume' : 'produce';
    const isSystem = topic.startsWith('$');
    let mqtt: Verdict = 'none';
    if (isSystem || !authorizer.hasPolicy(principal.tenant.name)) {
      const use =
        question === receiving ? {} : { qos: (question >> 1) as MqttQos, retain: (question & 1) !== 0 };
      mqtt = authorizer.judge(principal, action, { type: 'mqtt-topic', name: topic, ...use }, clientId);
    }
    if (isSystem || mqtt === 'deny') return mqtt;
    const place = this.topics.toPulsar(topic);
    // There is no such topic: nothing else can allow it.
    if (place instanceof MqttError) return mqtt;
    const pulsar = authorizer.judge(principal, action, { type: 'topic', name: place.topic }, clientId);
    return pulsar === 'none' ? mqtt : pulsar;
  }
}

function scopeOf(verdict: Verdict): ScopeVerdict {
  return {
    allowed: verdict === 'allow' ? 'all' : 'none',
    denied: verdict === 'deny' ? 'all' : 'none',
  };
}

function joined(verdicts: readonly ScopeVerdict[], what: keyof ScopeVerdict): 'all' | 'some' | 'none' {
  const about = verdicts.filter((verdict) => verdict[what] !== 'none');
  if (about.length === 0) return 'none';
  const isAll = about.length === verdicts.length && about.every((verdict) => verdict[what] === 'all');
  return isAll ? 'all' : 'some';
}
