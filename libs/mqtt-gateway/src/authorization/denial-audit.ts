import { type Authorizer, denyingRule, type Resource } from '#libs/auth';
import type { ConnectionLog } from '#libs/telemetry';
import { tenantMqttDefaults } from '#libs/tenancy';
import type { MqttIdentity } from '../connection/mqtt-identity.js';
import { TopicMapping } from '../mapping/topic.mapping.js';
import { MqttError } from '../mqtt.errors.js';

/** Records that a client has no permission for a topic, or a filter. */
export function auditDenial(
  log: Pick<ConnectionLog, 'denied'>,
  authorizer: Authorizer,
  { principal, clientId }: MqttIdentity,
  action: 'produce' | 'consume',
  name: string,
): void {
  const resource = { type: 'mqtt-topic', name } as const;
  log.denied({ action, resource, clientId }, () => {
    const { topics } = principal.tenant.mqtt ?? tenantMqttDefaults;
    const place = action === 'produce' ? new TopicMapping(topics).toPulsar(name) : undefined;
    const names: Resource[] = [resource];
    if (place !== undefined && !(place instanceof MqttError))
      names.push({ type: 'topic', name: place.topic });
    return denyingRule(authorizer, principal, action, names, clientId);
  });
}
