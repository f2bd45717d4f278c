import type { Tenant, TenantDirectory } from '#libs/tenancy';
import {
  type AmqpComposite,
  type AmqpCompositeInput,
  AmqpErrorCondition,
  type AmqpErrorConditionSymbol,
  amqpBoolean,
  amqpString,
} from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpOptions } from '../amqp.options.js';
import type { AmqpServices } from '../amqp.services.js';

/** What all peers must take (AMQP 2.7.1). */
const frameBytesMin = 512;
const containerIdCharsMax = 256;
/** A client with a shorter idle time-out would cost more than its messages do. */
const idleTimeOutMsMin = 1_000;
/** How RabbitMQ's clients name a tenant; all other host names are where the client connected to. */
const virtualHostPrefix = 'vhost:';

/** What `open` is about to be told, whatever it asks for: only what works. */
const offeredCapabilities = ['ANONYMOUS-RELAY', 'SHARED-SUBS', 'DELAYED_DELIVERY'];

/** What both sides have said of the connection (AMQP 2.7.1). */
export interface OpenAgreement {
  readonly containerId: string;
  /** The largest frame for the client. */
  readonly peerFrameBytesMax: number;
  /** The largest channel number in use. */
  readonly channelMax: number;
  /** The client closes when it hears nothing for so long; 0: never. */
  readonly peerIdleTimeOutMs: number;
}

/**
 * @param connectionId the container of a client that names none: it is nobody else's
 * @throws AmqpError of scope `connection`
 */
export function agreeOn(
  open: AmqpComposite<'open'>,
  connectionId: string,
  options: AmqpOptions,
): OpenAgreement {
  const { containerId, maxFrameSize, channelMax, idleTimeOut = 0 } = open;
  if (containerId.length > containerIdCharsMax) {
    throw refusal(
      AmqpErrorCondition.INVALID_FIELD,
      `a container-id has at most ${containerIdCharsMax} characters`,
    );
  }
  if (maxFrameSize < frameBytesMin) {
    throw refusal(AmqpErrorCondition.INVALID_FIELD, `max-frame-size is at least ${frameBytesMin}`);
  }
  if (idleTimeOut !== 0 && idleTimeOut < idleTimeOutMsMin) {
    throw refusal(AmqpErrorCondition.NOT_ALLOWED, `idle-time-out is at least ${idleTimeOutMsMin} ms here`);
  }
  return {
    containerId: containerId === '' ? connectionId : containerId,
    peerFrameBytesMax: Math.min(maxFrameSize, options.frameBytesMax),
    channelMax: Math.min(channelMax, options.sessionsMax - 1),
    peerIdleTimeOutMs: idleTimeOut,
  };
}

/**
 * The host name of `open` may only be of the tenant that the identity has.
 *
 * @throws AmqpError of scope `connection`
 */
export function checkHostname(hostname: string | undefined, tenant: Tenant, tenants: TenantDirectory): void {
  if (hostname === undefined || hostname === '') return;
  const named = hostname.startsWith(virtualHostPrefix)
    ? hostname.slice(virtualHostPrefix.length) === tenant.name
    : (tenants.byServerName(hostname) ?? tenant) === tenant;
  // The same words for a tenant that is there and one that is not.
  if (!named)
    throw refusal(AmqpErrorCondition.NOT_ALLOWED, "the hostname is not one of the identity's tenant");
}

/** Our `open`. @param refused the connection is closed at once: Qpid's clients know then that it never was open */
export function ourOpen({ options, version }: AmqpServices, refused = false): AmqpCompositeInput<'open'> {
  const properties = new Map([
    ['product', amqpString('Pulsegate')],
    ...(version === undefined ? [] : [['version', amqpString(version)] as const]),
    ...(refused ? [['amqp:connection-establishment-failed', amqpBoolean(true)] as const] : []),
  ]);
  return {
    type: 'open',
    containerId: 'pulsegate',
    maxFrameSize: options.frameBytesMax,
    channelMax: options.sessionsMax - 1,
    // Half of what is waited for, as AMQP 2.4.5 has it.
    idleTimeOut: Math.floor(options.idleTimeoutMs / 2),
    offeredCapabilities,
    properties,
  };
}

function refusal(condition: AmqpErrorConditionSymbol, message: string): AmqpError {
  return new AmqpError(condition, message, 'connection');
}
