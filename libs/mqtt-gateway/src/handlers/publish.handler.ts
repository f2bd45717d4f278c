import type { PublishPressure } from '#libs/pulsar';
import { MqttReasonCode, noProperties, type PublishPacket } from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';
import { publishStored, type PendingPublish } from '../connection/inbound-window.js';
import { ReadingPause } from '../connection/reading-pauses.js';
import { contentBytes, type MqttMessageProperties } from '../message.js';
import { MqttError } from '../mqtt.errors.js';
import type { PublishRequest } from '../publishing/publisher.js';
import { levelsOver } from './topic-levels.js';

/** @throws MqttError that ends the connection: a topic alias, or the Receive Maximum */
export function handlePublish(packet: PublishPacket, client: MqttClient): void {
  const { qos, packetId, payload, retain, properties } = packet;
  const { services, session, inbound } = client;
  const { topicAlias } = properties;
  const topic = topicAlias === undefined ? packet.topic : client.aliases.resolve(packet.topic, topicAlias);
  services.counters.publishesReceived[qos]!++;
  client.traffic.publishMessagesReceived++;
  client.traffic.publishBytesReceived += payload.length;
  const bytes = contentBytes({ topic, payload, properties });
  const pending = inbound.begin(packetId, qos, bytes);
  // A repetition of what is stored, or being stored, is not judged again: refused, the client would take it as not stored.
  const held = qos === 2 && session.store.holds(packetId);
  const refusal = held ? undefined : refusalOf(topic, packet, bytes, client);
  if (refusal !== undefined) {
    publishRefused(pending, refusal, topic, client);
    return;
  }
  client.counters.produceMessages++;
  client.counters.produceBytes += payload.length;
  const request: PublishRequest = {
    ...{ tenant: client.tenant, topic, payload, qos, retain },
    properties: travelling(properties),
    messageExpiryIntervalSeconds: properties.messageExpiryIntervalSeconds,
    clientId: client.clientId,
    log: client.link.log,
  };
  const done = (error: MqttError | undefined) => {
    if (error === undefined) inbound.settle(pending, publishStored);
    else publishRefused(pending, error, topic, client);
  };
  if (qos === 2) session.store.receive(packetId, request, done);
  else slow(client, services.publisher.publish(request, done));
}

function refusalOf(
  topic: string,
  { qos, retain }: PublishPacket,
  bytes: number,
  client: MqttClient,
): MqttError | undefined {
  if (topic.startsWith('$')) {
    return new MqttError(MqttReasonCode.TOPIC_NAME_INVALID, "topics that begin with $ are the server's");
  }
  const { services } = client;
  const { topicLevelsMax } = services.options;
  if (levelsOver(topic, topicLevelsMax)) {
    return new MqttError(MqttReasonCode.TOPIC_NAME_INVALID, `a topic has at most ${topicLevelsMax} levels`);
  }
  if (!services.authorization.mayPublish(client.identity, topic, qos, retain)) {
    return new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no permission for this topic');
  }
  return client.admitPublish(bytes);
}

/**
 * The gateway stops, or has lost the session: what was sent to Pulsar may be stored. An answer would say that it is not, and
 * end it for the client; without one the client sends it again where it comes back.
 */
const outcomeUnknown: ReadonlySet<number> = new Set([
  MqttReasonCode.SERVER_SHUTTING_DOWN,
  MqttReasonCode.SERVER_UNAVAILABLE,
]);

/**
 * MQTT 5 has a reason code. Before, an acknowledgement says that the message is safe: where it is not, the connection ends
 * without one, and the client sends it again; where the client may not publish, as configured.
 */
function publishRefused(pending: PendingPublish, error: MqttError, topic: string, client: MqttClient): void {
  const { inbound, level, services } = client;
  client.counters.produceErrors++;
  if (error.reasonCode === MqttReasonCode.NOT_AUTHORIZED) client.denied('produce', topic);
  client.refused(error, topic);
  if (pending.qos > 0 && outcomeUnknown.has(error.reasonCode)) {
    client.refuse(error);
    return;
  }
  if (level === 5) {
    const reasonCode = error.codeIn('puback');
    inbound.settle(pending, { reasonCode, reason: error.message });
    return;
  }
  const forbidden =
    error.reasonCode === MqttReasonCode.NOT_AUTHORIZED ||
    error.reasonCode === MqttReasonCode.TOPIC_NAME_INVALID;
  const dropped = forbidden ? services.options.unauthorizedPublish === 'drop' : pending.qos === 0;
  if (dropped) inbound.settle(pending, publishStored);
  else client.refuse(error);
}

/** Reads on when there is room again. */
function slow(client: MqttClient, pressure: PublishPressure | undefined): void {
  if (pressure === undefined || client.pauses.has(ReadingPause.pulsarPressure)) return;
  client.pauses.add(ReadingPause.pulsarPressure);
  pressure.onRelief(() => client.pauses.remove(ReadingPause.pulsarPressure));
}

/** Without what is about this packet alone. */
function travelling(properties: PublishPacket['properties']): MqttMessageProperties {
  if (properties === noProperties) return noProperties;
  const { topicAlias, messageExpiryIntervalSeconds, subscriptionIdentifiers, ...rest } = properties;
  return rest;
}
