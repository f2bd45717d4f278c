// AMQP 0-9-1: what RabbitMQ does, as its documentation says it, by clients before one gateway (full: before two; docs/amqp091-behaviours.md)
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkForm, inForm } from '../support/check-form.js';
import type { TestGateway } from '../support/gateway.js';
import type { Behaviour } from './amqp091/behaviour.js';
import { BehaviourBed } from './amqp091/behaviour-bed.js';
import { startBehaviourGateways } from './amqp091/behaviour-gateway.js';
import { allBehaviours, behaviourAreas } from './amqp091/behaviours.js';
import { behavioursPage, behavioursPageText } from './amqp091/behaviours-page.js';

const behaviourTimeoutMs = 60_000;
/** Of two, the clients of one test are at both. */
const gatewayCount = inForm({ short: 1, full: 2 });
/** They wait for the gateway and for Pulsar, and work little. */
const atOnceMax = 16;

const faults = new Map<Behaviour, unknown>();
let gateways: TestGateway[] = [];

async function run(behaviour: Behaviour): Promise<void> {
  const bed = new BehaviourBed(
    gateways.map(({ amqp }) => amqp.tcp),
    behaviour.id,
  );
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('takes too long')), behaviourTimeoutMs);
  try {
    await Promise.race([behaviour.run(bed), late.promise]);
  } catch (error) {
    faults.set(behaviour, error);
  } finally {
    clearTimeout(timer);
    bed.end();
  }
}

beforeAll(async () => {
  gateways = await startBehaviourGateways(gatewayCount);
  const waiting = [...allBehaviours];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: atOnceMax }, work));
}, 300_000);

afterAll(() => Promise.all(gateways.map((gateway) => gateway.stop())), 60_000);

describe.each(behaviourAreas)('$title', ({ behaviours }) => {
  it.each(behaviours.map((behaviour) => ({ title: `${behaviour.id}: ${behaviour.says}`, behaviour })))(
    '$title',
    ({ behaviour }) => {
      if (faults.has(behaviour)) throw faults.get(behaviour);
    },
  );
});

describe('the table', () => {
  it('has names that are each of one test', () => {
    expect(new Set(allBehaviours.map(({ id }) => id)).size).toBe(allBehaviours.length);
  });

  it('is what its page says', () => {
    const text = behavioursPageText(behaviourAreas);
    if (checkForm === 'full') writeFileSync(behavioursPage, text);
    expect(readFileSync(behavioursPage, 'utf8')).toBe(text);
  });
});
