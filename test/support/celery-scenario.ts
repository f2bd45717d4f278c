// What a Celery application does before the gateway, with two workers of its own (prefork, gossip, mingle, events).
import type { Amqp091ClientTask, Amqp091Job } from './amqp091-scenario.js';

/** In the order of the compatibility page. `workers`: they found each other, and ended when they were asked to. */
export const celeryScenarios = [
  'tasks',
  'canvas',
  'chord',
  'retry',
  'countdown',
  'acks late',
  'remote control',
  'events',
  'revoke',
  'purge',
  'workers',
] as const;
export type CeleryScenario = (typeof celeryScenarios)[number];

/** The argument of its program, as JSON. Its workers connect over TCP. */
export interface CeleryTask
  extends Pick<Amqp091ClientTask, 'host' | 'ports' | 'caFile' | 'user' | 'password'> {
  /** Of each queue. Letters and digits. */
  readonly prefix: string;
  /** `workers` is not asked for: it comes at the end, over TCP. */
  readonly jobs: readonly Pick<Amqp091Job, 'transport' | 'scenarios'>[];
}

/** A line of its output, as JSON. */
export interface CeleryOutcome extends Pick<Amqp091Job, 'transport'> {
  readonly scenario: CeleryScenario;
  /** Left out: all was as it should be. */
  readonly fault?: string;
}
