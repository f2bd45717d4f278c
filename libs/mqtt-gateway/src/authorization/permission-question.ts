import type { Authorizer, Explanation, Principal } from '#libs/auth';
import { type MqttQos, splitSharedFilter, topicFilterFault, topicNameFault } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import { TopicMapping } from '../mapping/topic.mapping.js';
import { MqttError } from '../mqtt.errors.js';
import type { SubscribeDecision } from '../mqtt.services.js';
import { MqttAuthorization } from './mqtt-authorization.js';

/** What an operator asks about a client. */
export interface MqttPermissionQuestion {
  readonly principal: Principal;
  readonly clientId: string;
  readonly action: 'produce' | 'consume';
  /** To publish to: a topic name; to subscribe to: a filter. */
  readonly name: string;
  readonly qos: MqttQos;
  readonly retain: boolean;
}

export interface MqttPermission {
  readonly decision: SubscribeDecision;
  /** The rule that decides about one topic, where there is one. About a filter no single rule decides. */
  readonly explanation: Explanation | undefined;
  /** Inside the tenant's namespace. */
  readonly pulsarTopics: readonly string[];
  /** And all others that MQTT's messages are on. */
  readonly allPulsarTopics: boolean;
}

/** Why nobody can publish to it, or subscribe to it; undefined: they can. */
export function mqttTopicFault(
  action: 'produce' | 'consume',
  name: string,
  tenant: Tenant,
): string | undefined {
  if (action === 'consume') return topicFilterFault(name)?.fault;
  if (name.startsWith('$')) return 'topics that begin with "$" are the server\'s';
  const place = mappingOf(tenant).toPulsar(name);
  return topicNameFault(name)?.fault ?? (place instanceof MqttError ? place.message : undefined);
}

/** The answer that the client gets, by the same code, and why. @param question without `mqttTopicFault` */
export function mqttPermission(authorizer: Authorizer, question: MqttPermissionQuestion): MqttPermission {
  const { principal, clientId, action, name, qos, retain } = question;
  const mapping = mappingOf(principal.tenant);
  const authorization = new MqttAuthorization({ authorizer, mapping: () => mapping });
  const identity = { principal, clientId };
  const plain = splitSharedFilter(name)?.filter ?? name;
  // What begins with $ is on no Pulsar topic.
  const { names, all } = plain.startsWith('$') ? { names: [], all: false } : mapping.pulsarTopicsOf(plain);
  const places = { pulsarTopics: names, allPulsarTopics: all };
  if (action === 'consume') {
    const decision = authorization.maySubscribe(identity, name, qos);
    const isOne = !/[+#]/.test(plain);
    const explanation = isOne ? explain(authorizer, { ...question, name: plain }, names[0]) : undefined;
    return { decision, explanation, ...places };
  }
  const decision = authorization.mayPublish(identity, name, qos, retain) ? 'allowed' : 'denied';
  return { decision, explanation: explain(authorizer, question, names[0]), ...places };
}

/** A deny of either name, else an allow of either. */
function explain(
  authorizer: Authorizer,
  { principal, clientId, action, name, qos, retain }: MqttPermissionQuestion,
  pulsarTopic: string | undefined,
): Explanation {
  const use = action === 'produce' ? { qos, retain } : { qos };
  const said = [authorizer.explain(principal, action, { type: 'mqtt-topic', name, ...use }, clientId)];
  if (pulsarTopic !== undefined) {
    said.push(authorizer.explain(principal, action, { type: 'topic', name: pulsarTopic }, clientId));
  }
  const deny = said.find(({ allowed, rule }) => !allowed && rule !== undefined);
  return deny ?? said.find(({ allowed }) => allowed) ?? { allowed: false };
}

function mappingOf(tenant: Tenant): TopicMapping {
  return new TopicMapping(tenant.mqtt?.topics ?? []);
}
