import { setTimeout as delay } from 'node:timers/promises';
import { PeerUnavailable } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { assignedClientId, clientIdRefusal } from '../authentication/client-id.js';
import { auditDenial } from '../authorization/denial-audit.js';
import { levelsOver } from '../handlers/topic-levels.js';
import { MqttError } from '../mqtt.errors.js';
import type { SessionOpening } from '../session/session-directory.js';
import { willOf } from '../session/will.js';
import { elsewhere } from '../splicing/carried-client.js';
import type { SplicedClient } from '../splicing/splice-header.js';
import type { ConnectAttempt } from './connect-attempt.js';

const carryRetryMs = 200;

type ConnectStep = (attempt: ConnectAttempt) => Promise<void> | void;

/** What a CONNECT goes through, in this order. What a step throws (MqttError) is CONNACK's reason code. */
export const connectSteps: readonly ConnectStep[] = [
  authenticate,
  bindTenant,
  identifyClient,
  countConnection,
  agreeOnTimes,
  authorizeWill,
  openSession,
];

async function authenticate(attempt: ConnectAttempt): Promise<void> {
  const { authentication, connect, link } = attempt;
  if (attempt.spliced !== undefined) {
    adopt(attempt, attempt.spliced);
    return;
  }
  const counters = attempt.services.metrics.protocol('mqtt');
  let step = await authentication.begin(connect);
  while (step.kind === 'continue') step = await authentication.next(await attempt.ask(step.packet));
  if (step.kind === 'deny') {
    counters.authFailures++;
    // The reason is for the log alone; the client is told as little as its reason code says.
    link.log.fault(step.error.reasonName, `authentication failed: ${step.reason}`);
    throw step.error;
  }
  counters.authSuccesses++;
  link.authenticated();
  attempt.principal = step.principal;
  attempt.authenticated = step.properties;
}

/** The gateway that the client connected to has seen the proof, and has counted it. */
function adopt(attempt: ConnectAttempt, spliced: SplicedClient): void {
  attempt.authentication.adopt(spliced);
  attempt.link.authenticated();
  attempt.principal = spliced.principal;
  attempt.authenticated = spliced.authentication;
}

/** The tenant came with the identity; it is served, or the client is told to try later. */
function bindTenant({ principal, services, link }: ConnectAttempt): void {
  const { tenant, user } = principal!;
  link.log.identify({ tenant: tenant.name, user });
  const refusal = services.tenantRefusal?.(tenant.name);
  if (refusal === undefined) return;
  throw new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, refusal.message);
}

/** MQTT 5 clients without an identifier are told the one they get; before, nobody needs to know it [MQTT-3.1.3-6]. */
function identifyClient(attempt: ConnectAttempt): void {
  const { connect, services, principal, spliced } = attempt;
  const { options } = services;
  attempt.assigned = connect.clientId === '';
  if (spliced !== undefined) attempt.clientId = spliced.clientId;
  else
    attempt.clientId = attempt.assigned
      ? assignedClientId(principal!, options.clientIdRule)
      : connect.clientId;
  const refusal = attempt.assigned ? undefined : clientIdRefusal(connect.clientId, principal!, options);
  if (refusal !== undefined) throw refusal;
  attempt.identity = { principal: principal!, clientId: attempt.clientId };
}

/** One that another gateway carries here counts there. */
function countConnection(attempt: ConnectAttempt): void {
  const { services, identity, spliced } = attempt;
  const { principal, clientId } = identity!;
  attempt.quota = services.limits.open({ tenant: principal.tenant, user: principal.user, clientId });
  const refusal = spliced === undefined ? attempt.quota.connect() : undefined;
  if (refusal === 'connections') {
    throw new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'there are as many connections as there may be');
  }
  if (refusal !== undefined) {
    throw new MqttError(MqttReasonCode.CONNECTION_RATE_EXCEEDED, 'connections come faster than they may');
  }
}

function agreeOnTimes(attempt: ConnectAttempt): void {
  const { connect, services } = attempt;
  const { sessionExpirySecondsMax, keepAliveSecondsMax } = services.options;
  const { protocolLevel, cleanStart, keepAliveSeconds } = connect;
  const wanted = connect.properties.sessionExpiryIntervalSeconds ?? 0;
  const expiry = protocolLevel === 5 ? wanted : cleanStart ? 0 : sessionExpirySecondsMax;
  attempt.sessionExpirySeconds = Math.min(expiry, sessionExpirySecondsMax);
  // Before MQTT 5 a client can not be told of it, and is closed all the same when it is silent for so long (3.1.2.10 of 3.1.1).
  const limited = keepAliveSecondsMax < 0xffff;
  const tooLong = keepAliveSeconds === 0 || keepAliveSeconds > keepAliveSecondsMax;
  attempt.keepAliveSeconds = limited && tooLong ? keepAliveSecondsMax : keepAliveSeconds;
}

function authorizeWill(attempt: ConnectAttempt): void {
  const { connect, services, identity } = attempt;
  if (connect.will === undefined) return;
  const { topic, qos, retain } = connect.will;
  const { topicLevelsMax, willDelaySecondsMax } = services.options;
  if (topic.startsWith('$') || levelsOver(topic, topicLevelsMax)) {
    throw new MqttError(MqttReasonCode.TOPIC_NAME_INVALID, 'the will has a topic that nobody may publish to');
  }
  if (!services.authorization.mayPublish(identity!, topic, qos, retain)) {
    auditDenial(attempt.link.log, services.authorizer, identity!, 'produce', topic);
    throw new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no permission for the topic of the will');
  }
  attempt.will = willOf(connect.will, willDelaySecondsMax);
}

/** A session elsewhere is asked for again while nobody answers there: another gateway takes over. */
async function openSession(attempt: ConnectAttempt): Promise<void> {
  const until = performance.now() + attempt.services.options.connectTimeoutMs;
  for (;;) {
    attempt.opening = await askForSession(attempt);
    if (attempt.opening.kind === 'opened') return;
    try {
      attempt.carried = await attempt.carry(attempt.opening.nodeId);
      return;
    } catch (error) {
      if (!(error instanceof PeerUnavailable)) throw error;
      if (attempt.isGone() || performance.now() + carryRetryMs >= until) throw elsewhere(error.message);
      await delay(carryRetryMs);
    }
  }
}

function askForSession(attempt: ConnectAttempt): Promise<SessionOpening> {
  const { services, connect, principal, clientId, assigned, sessionExpirySeconds, will, client } = attempt;
  const spliced = attempt.spliced !== undefined;
  return services.sessions.open({
    ...{ principal: principal!, clientId, assigned, sessionExpirySeconds, will, spliced },
    ...{ cleanStart: connect.cleanStart, level: connect.protocolLevel, connection: client },
  });
}
