import {
  type MqttQos,
  MqttReasonCode,
  type MqttSubscriptionRequest,
  noProperties,
  splitSharedFilter,
  type SubscribePacket,
  subackReturnCode,
} from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';
import { ReadingPause } from '../connection/reading-pauses.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import { isSystemFilter } from '../system-topics/system-topics.js';
import { levelsOver } from './topic-levels.js';

interface Added {
  readonly subscription: MqttSubscription;
  readonly existed: boolean;
}

/** SUBACK when all are in force; what is retained comes after it. The client is not read meanwhile. */
export function handleSubscribe(packet: SubscribePacket, client: MqttClient): void {
  const { packetId, subscriptions } = packet;
  const [identifier] = packet.properties.subscriptionIdentifiers ?? [];
  const reasonCodes: number[] = [];
  const added: Added[] = [];
  // One more than there are, until all have been begun.
  let waiting = subscriptions.length + 1;
  const settled = () => {
    if (--waiting > 0) return;
    client.pauses.remove(ReadingPause.subscribing);
    if (client.closed) return;
    const codes = client.level === 5 ? reasonCodes : reasonCodes.map(subackReturnCode);
    client.send({ type: 'suback', packetId, reasonCodes: codes, properties: noProperties });
    for (const { subscription, existed } of added) giveRetained(subscription, existed, client);
  };
  for (const [index, request] of subscriptions.entries()) {
    const granted = grant(request, identifier, client);
    if (granted instanceof MqttError) {
      reasonCodes[index] = refusalCode(granted, request.filter, client);
      settled();
      continue;
    }
    const existed = client.session.store.subscriptions.has(granted.filter);
    client.room.take(granted.filter);
    client.session.store.subscribe(granted, (error) => {
      if (error !== undefined) client.room.give(granted.filter);
      reasonCodes[index] = error === undefined ? granted.qos : refusalCode(error, granted.filter, client);
      if (error === undefined) added.push({ subscription: granted, existed });
      settled();
    });
  }
  if (waiting > 1) client.pauses.add(ReadingPause.subscribing);
  settled();
}

function grant(
  { filter, qos, noLocal, retainAsPublished, retainHandling }: MqttSubscriptionRequest,
  identifier: number | undefined,
  { services, room, identity }: MqttClient,
): MqttSubscription | MqttError {
  const { topicLevelsMax } = services.options;
  if (levelsOver(filter, topicLevelsMax)) {
    return new MqttError(
      MqttReasonCode.TOPIC_FILTER_INVALID,
      `a filter has at most ${topicLevelsMax} levels`,
    );
  }
  const plain = splitSharedFilter(filter)?.filter ?? filter;
  if (plain.startsWith('$') && !isSystemFilter(filter)) {
    return new MqttError(
      MqttReasonCode.TOPIC_FILTER_INVALID,
      plain === filter ? 'there are no topics that begin so' : 'what begins with $ cannot be shared',
    );
  }
  const full = room.refusal(filter);
  if (full !== undefined) return full;
  let granted = qos;
  let decision = services.authorization.maySubscribe(identity, filter, granted);
  // A server may grant less than was asked for (section 3.9.3).
  while (decision === 'denied' && granted > 0) {
    granted = (granted - 1) as MqttQos;
    decision = services.authorization.maySubscribe(identity, filter, granted);
  }
  if (decision === 'denied') {
    return new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no permission for this filter');
  }
  return {
    ...{ filter, qos: granted, noLocal, retainAsPublished, retainHandling, identifier },
    checked: decision === 'per-message',
  };
}

function refusalCode(error: MqttError, filter: string, client: MqttClient): number {
  if (error.reasonCode === MqttReasonCode.NOT_AUTHORIZED) client.denied('consume', filter);
  client.counters.consumeErrors++;
  client.refused(error, filter);
  return error.codeIn('suback');
}

function giveRetained(subscription: MqttSubscription, existed: boolean, client: MqttClient): void {
  const { services, tenant, session } = client;
  // Removed or replaced meanwhile.
  if (session.store.subscriptions.get(subscription.filter) !== subscription) return;
  if (isSystemFilter(subscription.filter))
    services.system.follow(tenant.name, session, subscription, existed);
  else client.replay.add(subscription, existed);
}
