import { encodeName, topicNameFault } from '#libs/auth';
import { topicFilterFault } from '#libs/mqtt-codec';
import type { MqttTopicRule } from '#libs/tenancy';
import { TopicRule } from './topic-rule.js';
import { mayBeEqual, type TopicTemplate } from './topic-template.js';

export interface TopicRuleFault {
  /** Of the rule, from 0. */
  readonly index: number;
  readonly key: 'filter' | 'topic' | 'key';
  readonly message: string;
}

/** Why a tenant's rules cannot be used: each must lead back from Pulsar topic and key to one MQTT topic, and to no other. */
export function topicRuleFaults(rules: readonly MqttTopicRule[]): TopicRuleFault[] {
  const faults: TopicRuleFault[] = [];
  const sound: [number, TopicRule][] = [];
  for (const [index, rule] of rules.entries()) {
    const fault = filterFault(rule) ?? templateFault(rule);
    if (fault === undefined) sound.push([index, new TopicRule(rule)]);
    else faults.push({ index, ...fault });
  }
  for (const [place, [index, rule]] of sound.entries()) {
    for (const [earlier, other] of sound.slice(0, place)) {
      if (!shareKeys(rule, other)) continue;
      const message = `some messages would have the Pulsar topic and key of others, of rule ${earlier + 1}`;
      faults.push({ index, key: 'key', message });
    }
  }
  return faults;
}

type Fault = Omit<TopicRuleFault, 'index'>;

function filterFault({ filter }: MqttTopicRule): Fault | undefined {
  const fault = (message: string): Fault => ({ key: 'filter', message });
  if (filter.startsWith('$')) return fault('topics that begin with "$" are not published');
  const wrong = topicFilterFault(filter);
  return wrong === undefined ? undefined : fault(wrong.fault);
}

function templateFault(rule: MqttTopicRule): Fault | undefined {
  const wildcards = rule.filter.split('/').filter((level) => level === '+' || level === '#').length;
  let compiled: TopicRule;
  try {
    compiled = new TopicRule(rule);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { key: rule.topic.includes('$') ? 'topic' : 'key', message: error.message };
  }
  const { topic, key } = compiled;
  for (const [name, template] of [
    ['topic', topic],
    ['key', key],
  ] as const) {
    const beyond = template?.wildcards.find((each) => each >= wildcards);
    if (beyond !== undefined) {
      return { key: name, message: `there is no $${beyond + 1}: the filter has ${wildcards} wildcards` };
    }
  }
  const fault = topicNameFault(topic.fill(() => encodeName('x')) as string);
  if (fault !== undefined) return { key: 'topic', message: fault };
  return key === undefined ? undefined : keyFault(compiled, key);
}

/** With a key of its own, a rule must tell every wildcard, in a way that can be read in one way only. */
function keyFault({ topic, wildcards }: TopicRule, key: TopicTemplate): Fault | undefined {
  const told = topic.wildcards.filter((each) => !key.wildcards.includes(each));
  for (const each of wildcards.keys()) {
    if (!key.wildcards.includes(each) && !told.includes(each)) {
      const message = `$${each + 1} is in neither topic nor key: several MQTT topics would be one`;
      return { key: 'key', message };
    }
  }
  if (told.length > 1) {
    return {
      key: 'key',
      message: 'at most one wildcard may be in the topic alone: all others are in the key',
    };
  }
  if (new Set(key.wildcards).size < key.wildcards.length) {
    return { key: 'key', message: 'a wildcard stands in the key once' };
  }
  for (const [at, part] of key.parts.entries()) {
    const next = key.parts[at + 1];
    if (typeof part !== 'number' || next === undefined || at + 2 > key.parts.length) continue;
    const isLast = typeof next === 'string' && at + 2 === key.parts.length;
    if (!isLast && !(typeof next === 'string' && next.includes('/'))) {
      return { key: 'key', message: 'between two wildcards of a key there is a "/"' };
    }
  }
  return undefined;
}

/** Two rules whose keys are whole topics never disagree: no topic is matched first by both. */
function shareKeys(a: TopicRule, b: TopicRule): boolean {
  if (a.key === undefined && b.key === undefined) return false;
  return mayBeEqual(a.topicEnds, b.topicEnds) && mayBeEqual(a.keyEnds, b.keyEnds);
}
