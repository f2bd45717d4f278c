import {
  type AmqpComposite,
  AmqpErrorCondition,
  type AmqpFields,
  describedComposite,
} from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { SourceFilters } from '../selectors/source-filters.js';

/** Capabilities of termini that are granted where they are asked for. */
const sourceCapabilities = ['queue', 'topic', 'shared', 'global', 'temporary-queue', 'temporary-topic'];
const targetCapabilities = ['queue', 'topic', 'temporary-queue', 'temporary-topic'];
/** AMQP 3.4: what may become of a delivery. */
const outcomes = ['amqp:accepted:list', 'amqp:rejected:list', 'amqp:released:list', 'amqp:modified:list'];
/** The only life of a dynamic node (AMQP 3.5.10). */
const dynamicNodeProperties: AmqpFields = new Map([
  ['lifetime-policy', describedComposite({ type: 'delete-on-close' })],
]);

/** AMQP 3.5.6. */
const expiryPolicies: readonly string[] = ['link-detach', 'session-end', 'connection-close', 'never'];
/** AMQP 3.5.5: `unsettled-state`. */
const durableMax = 2;

/**
 * Whether a terminus asks for a life that there is: another one could neither be kept nor answered.
 *
 * @throws AmqpError `amqp:invalid-field`
 */
export function checkLifetime({ durable, expiryPolicy }: Lifetime): void {
  if (durable > durableMax) throw invalid(`the durability of a terminus is at most ${durableMax}`);
  if (!expiryPolicies.includes(expiryPolicy)) throw invalid('there is no such expiry policy');
}

interface Granted {
  readonly address: string | undefined;
  /** The node was made for this link. */
  readonly dynamic: boolean;
}

/** What the client is told of its target: never more than what it has (AMQP 2.6.3). */
export function negotiatedTarget(
  { durable, expiryPolicy, capabilities }: AmqpComposite<'target'>,
  { address, dynamic }: Granted,
): AmqpComposite<'target'> {
  return {
    ...{ type: 'target', address, durable, expiryPolicy, timeout: 0, dynamic },
    ...(dynamic && { dynamicNodeProperties }),
    ...grantedOf(capabilities, targetCapabilities),
  };
}

/**
 * How long a source lives: `named`, by the name of its link, until that is closed; `node`, as what it receives from does,
 * whatever the link asks; `link`, no longer than that.
 */
export type SourceLife = 'named' | 'node' | 'link';

interface SourceGranted extends Granted {
  readonly life: SourceLife;
  readonly filters: SourceFilters;
  /** Its messages stay for others (AMQP 3.5.7). */
  readonly copies: boolean;
}

/** The same of its source. */
export function negotiatedSource(
  { durable, expiryPolicy, capabilities, distributionMode, filter }: AmqpComposite<'source'>,
  { address, dynamic, life, filters, copies }: SourceGranted,
): AmqpComposite<'source'> {
  const inForce = new Map([...(filter ?? [])].filter(([name]) => filters.names.includes(name)));
  return {
    ...{ type: 'source', address, timeout: 0, dynamic },
    ...lifetimes[life]({ durable, expiryPolicy }),
    ...(dynamic && { dynamicNodeProperties }),
    ...(distributionMode !== undefined && { distributionMode: copies ? 'copy' : 'move' }),
    ...(inForce.size > 0 && { filter: inForce }),
    outcomes,
    ...grantedOf(capabilities, sourceCapabilities),
  };
}

type Lifetime = Pick<AmqpComposite<'source'>, 'durable' | 'expiryPolicy'>;

const lifetimes: Readonly<Record<SourceLife, (asked: Lifetime) => Lifetime>> = {
  named: ({ durable }) => ({ durable: Math.max(1, durable), expiryPolicy: 'never' }),
  node: (asked) => asked,
  link: ({ expiryPolicy }) => ({
    durable: 0,
    expiryPolicy: expiryPolicy === 'never' ? 'link-detach' : expiryPolicy,
  }),
};

function grantedOf(
  asked: readonly string[] | undefined,
  known: readonly string[],
): { capabilities?: readonly string[] } {
  const granted = (asked ?? []).filter((capability) => known.includes(capability));
  return granted.length === 0 ? {} : { capabilities: granted };
}

function invalid(message: string): AmqpError {
  return new AmqpError(AmqpErrorCondition.INVALID_FIELD, message);
}
