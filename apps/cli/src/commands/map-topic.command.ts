import { explainFilter, explainTopic, loadConfig } from '#apps/gateway';
import { type TenantConfig, tenantOf } from './asked-tenant.js';

export interface MapTopicOptions {
  /** A topic name, or a filter. */
  readonly name: string;
  readonly filter?: boolean;
  readonly config: string;
  readonly tenant?: string;
  readonly json?: boolean;
}

/**
 * `pulsegate map-topic NAME`: which Pulsar topic and key an MQTT topic has and which rule of the tenant says so, or which
 * Pulsar topics a filter reads. Exit code 1 when it is refused.
 */
export function mapTopicCommand({ name, filter, config, tenant, json }: MapTopicOptions): number {
  const asked = tenantOf(loadConfig(config, process.env, { references: false }), tenant);
  const { namespace, mqtt } = asked;
  const explanation = filter ? explainFilter(mqtt.topics, name) : explainTopic(mqtt.topics, name);
  const lines =
    'filter' in explanation ? filterLines(explanation, namespace) : topicLines(explanation, asked);
  const refusal = explanation.refusal === undefined ? [] : [`  refused: ${explanation.refusal}`];
  process.stdout.write(
    json
      ? `${JSON.stringify({ tenant: asked.name, namespace, ...explanation })}\n`
      : `${[`${name} of ${asked.name}`, ...refusal, ...lines].join('\n')}\n`,
  );
  return explanation.refusal === undefined ? 0 : 1;
}

function topicLines(
  { refusal, pulsarTopic, key, ruleNumber }: ReturnType<typeof explainTopic>,
  { namespace, mqtt }: TenantConfig,
): string[] {
  if (refusal !== undefined) return [];
  const rule = ruleNumber === undefined ? undefined : mqtt.topics[ruleNumber - 1];
  const by =
    rule === undefined
      ? 'the default: the Pulsar topic named after the first level'
      : `rule ${ruleNumber}: ${rule.filter} -> ${rule.topic}${rule.key === undefined ? '' : `, key ${rule.key}`}`;
  return [
    `  Pulsar topic  persistent://${namespace}/${pulsarTopic}`,
    `  key           ${key}`,
    `  by            ${by}`,
  ];
}

function filterLines(
  { pulsarTopics = [], all }: ReturnType<typeof explainFilter>,
  namespace: string,
): string[] {
  const lines = pulsarTopics.map((topic) => `  reads  persistent://${namespace}/${topic}`);
  return all
    ? [...lines, '  reads  every Pulsar topic that MQTT clients publish to, or a rule names']
    : lines;
}
