import { AmqpErrorCondition, type AmqpErrorConditionSymbol } from '#libs/amqp-codec';
import { AmqpError, type AmqpErrorScope } from '../amqp.errors.js';
import type { LinkEndpoint } from './link-endpoint.js';

/** The links of one session by the handles of both sides. */
export class EndpointTable {
  readonly #byPeerHandle = new Map<number, LinkEndpoint>();
  /** By our handle. */
  readonly #endpoints: (LinkEndpoint | undefined)[] = [];

  /** @param peerHandleMax of the client's `begin`: the largest handle of ours that it takes */
  constructor(
    private readonly linksMax: number,
    private readonly peerHandleMax: number,
  ) {}

  /** A handle of ours for an attach with this one. @throws AmqpError */
  freeHandle(peerHandle: number): number {
    // AMQP 2.7.2
    if (peerHandle >= this.linksMax) {
      throw fault(AmqpErrorCondition.FRAMING_ERROR, `handles go up to ${this.linksMax - 1}`, 'connection');
    }
    if (this.#byPeerHandle.has(peerHandle)) {
      throw fault(AmqpErrorCondition.HANDLE_IN_USE, `handle ${peerHandle} is attached`);
    }
    const free = this.#endpoints.indexOf(undefined);
    const handle = free < 0 ? this.#endpoints.length : free;
    // Links that are being closed still have theirs.
    if (handle > this.peerHandleMax || handle >= 2 * this.linksMax) {
      throw fault(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'there is no handle for another link');
    }
    return handle;
  }

  add(endpoint: LinkEndpoint): void {
    this.#byPeerHandle.set(endpoint.peerHandle, endpoint);
    this.#endpoints[endpoint.handle] = endpoint;
  }

  /** @throws AmqpError */
  get(peerHandle: number): LinkEndpoint {
    const endpoint = this.#byPeerHandle.get(peerHandle);
    if (endpoint !== undefined) return endpoint;
    throw fault(AmqpErrorCondition.UNATTACHED_HANDLE, `handle ${peerHandle} is not attached`);
  }

  /** The client may use its handle again. @throws AmqpError */
  remove(peerHandle: number): LinkEndpoint {
    const endpoint = this.get(peerHandle);
    this.#byPeerHandle.delete(peerHandle);
    return endpoint;
  }

  /** We may use ours again. */
  free({ handle }: LinkEndpoint): void {
    this.#endpoints[handle] = undefined;
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint?.close();
    this.#endpoints.length = 0;
    this.#byPeerHandle.clear();
  }
}

function fault(
  condition: AmqpErrorConditionSymbol,
  message: string,
  scope: AmqpErrorScope = 'session',
): AmqpError {
  return new AmqpError(condition, message, scope);
}
