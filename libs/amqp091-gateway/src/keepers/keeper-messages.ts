import type { KeptSettings, ToldConsumer } from './kept-queue.js';
import type { QueuePlace } from './queue-place.js';

/** What gateways say to each other about consumers; the first four to the keeper of a queue, the others from it. */
export const keeperKinds = {
  join: 'amqp091.consumer-join',
  leave: 'amqp091.consumer-leave',
  tell: 'amqp091.consumers-tell',
  ask: 'amqp091.queue-ask',
  activate: 'amqp091.consumer-activate',
  gone: 'amqp091.queue-gone',
} as const;

/** A consumer wants to be one of the queue's. Answered when it is, however often it is asked. */
export interface JoinRequest {
  /** Of the gateway of the consumer. */
  readonly instance: string;
  readonly place: QueuePlace;
  readonly settings: KeptSettings;
  readonly id: number;
  readonly exclusive: boolean;
}

export type JoinAnswer =
  | { readonly kind: 'joined'; readonly isActive: boolean; readonly order: number }
  /** `elsewhere`: another gateway keeps the queue, as this one sees it. `ending`: it is being deleted. */
  | { readonly kind: 'refused' | 'ending' | 'full' | 'elsewhere' };

export interface LeaveRequest {
  readonly instance: string;
  readonly place: QueuePlace;
  readonly id: number;
}

/** All consumers that a gateway has of queues that the other one keeps: what it was told before does not count any more. */
export interface TellRequest {
  readonly instance: string;
  /** Who is there, as the gateway sees it: where the other one sees it differently, it says so, and hears it again. */
  readonly view: string;
  readonly queues: readonly ToldQueue[];
  /** Consumers that have asked to join and have not been answered. */
  readonly joining: readonly number[];
}

export interface ToldQueue {
  readonly place: QueuePlace;
  readonly settings: KeptSettings;
  readonly consumers: readonly ToldConsumer[];
}

export interface TellAnswer {
  readonly isHeard: boolean;
}

/** `count`: how many consumers. `end`: it is about to be deleted. `used`: it was declared, or got from. */
export interface AskRequest {
  readonly place: QueuePlace;
  readonly about: 'count' | 'end' | 'used';
}

export interface AskAnswer {
  /** Undefined: not known here. */
  readonly consumers?: number;
}

export interface ActivateRequest {
  readonly place: QueuePlace;
  readonly id: number;
  readonly isActive: boolean;
}

export interface ActivateAnswer {
  /** False: it has left. */
  readonly isKnown: boolean;
}

export interface GoneRequest {
  readonly place: QueuePlace;
}
