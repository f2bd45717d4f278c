import { Buffer } from 'node:buffer';
import {
  type AmqpCompositeInput,
  type AmqpFrame,
  AmqpFrameDecoder,
  type AmqpPerformativeName,
  encodeFrame,
  encodeProtocolHeader,
  encodeTransferHead,
} from '#libs/amqp-codec';
import { RateLimits } from '#libs/rate-limit';
import { ConnectionLog, Metrics, silentLog } from '#libs/telemetry';
import { type TenantLimits, TenantDirectory } from '#libs/tenancy';
import { AmqpCounters } from '../amqp.counters.js';
import type { AmqpError } from '../amqp.errors.js';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import { AmqpSession } from '../amqp-session.js';
import type { SessionConnection, SessionPerformative } from '../connection/session-connection.js';
import { ConnectionLinks } from '../links/connection-links.js';
import { LinkNames } from '../links/link-names.js';
import { SuspendedLinks } from '../links/suspended-links.js';
import { FakeNodes } from './fake-nodes.js';

export interface SessionBedSettings {
  readonly options?: Partial<AmqpOptions>;
  readonly begin?: Partial<AmqpCompositeInput<'begin'>>;
  readonly peerFrameBytesMax?: number;
  readonly limits?: TenantLimits;
}

/** One session without a connection: what is sent to it is served before `send` returns, and what it sends is kept. */
export class SessionBed {
  readonly nodes = new FakeNodes();
  readonly counters = new AmqpCounters();
  /** What the session sent, in order; to be emptied by who looks at it. */
  readonly frames: AmqpFrame[] = [];
  /** Answers of `send` from now on. */
  writable = true;
  pauses = 0;
  failure: AmqpError | undefined;
  readonly session: AmqpSession;
  readonly #ours = new AmqpFrameDecoder(0x10_0000);
  readonly #clients = new AmqpFrameDecoder(0x10_0000);

  constructor({
    options = {},
    begin = {},
    peerFrameBytesMax = 0x1_0000,
    limits = {},
  }: SessionBedSettings = {}) {
    const kafka = { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1 };
    const tenant = { name: 'acme', pulsarNamespace: 'acme/n', limits, kafka };
    const metrics = new Metrics({ processMetrics: false });
    const services = {
      ...{ options: { ...amqpOptionsSchema.parse({}), ...options }, nodes: this.nodes, metrics },
      ...{ resumableLinks: new LinkNames(), suspendedLinks: new SuspendedLinks(60_000) },
      ...{ counters: this.counters, limits: new RateLimits(new TenantDirectory([tenant])) },
    };
    const place = {
      protocol: 'amqp',
      listener: 'amqp',
      connectionId: 'c',
      remoteAddress: '::1',
      remotePort: 1,
    };
    const bed = this;
    const quota = services.limits.open({ tenant, user: 'alice', clientId: 'box' });
    const connection = {
      ...{ quota, deliverable: true, delivered: () => {} },
      ...{ services, identity: { principal: { tenant }, containerId: 'box', connectionId: 'c' } },
      ...{ containerId: 'box', peerFrameBytesMax, tenantCounters: metrics.tenant('amqp', 'acme') },
      ...{ log: new ConnectionLog(silentLog, place), transactions: undefined, released: () => {} },
      get writable() {
        return bed.writable;
      },
      send: (frames: Buffer | readonly Buffer[], onFlushed?: () => void) => {
        this.#take(Buffer.isBuffer(frames) ? frames : Buffer.concat(frames), peerFrameBytesMax);
        onFlushed?.();
        return this.writable;
      },
      pause: () => this.pauses++,
      resume: () => this.pauses--,
      fail: (error: AmqpError) => {
        this.failure = error;
      },
    } as unknown as SessionConnection;
    for (const decoder of [this.#ours, this.#clients]) decoder.push(encodeProtocolHeader('amqp'));
    const windows = { nextOutgoingId: 0, incomingWindow: 0, outgoingWindow: 0 };
    const links = new ConnectionLinks(connection);
    this.session = new AmqpSession(
      ...([connection, 0, this.#decoded({ type: 'begin', ...windows, ...begin }) as never, links] as const),
    );
  }

  send(performative: AmqpCompositeInput<AmqpPerformativeName>, payload: Buffer = Buffer.alloc(0)): void {
    const head =
      performative.type === 'transfer'
        ? encodeTransferHead(0, performative, payload.length)
        : encodeFrame(0, performative);
    const [frame] = this.#clients.push(Buffer.concat([head, payload])) as AmqpFrame[];
    this.session.onFrame(frame!.performative as SessionPerformative, frame!.payload);
  }

  /** What was put off to the end of the turn is sent, and attaches are answered. */
  async turn(): Promise<void> {
    await new Promise(setImmediate);
  }

  #decoded(performative: AmqpCompositeInput<'begin'>) {
    const [frame] = this.#clients.push(encodeFrame(0, performative)) as AmqpFrame[];
    return frame!.performative;
  }

  #take(bytes: Buffer, frameBytesMax: number): void {
    let left = bytes;
    while (left.length > 0) {
      const frameBytes = left.readUInt32BE(0);
      if (frameBytes > frameBytesMax) throw new Error(`a frame of ${frameBytes} bytes`);
      this.frames.push(...(this.#ours.push(left.subarray(0, frameBytes)) as AmqpFrame[]));
      left = left.subarray(frameBytes);
    }
  }
}
