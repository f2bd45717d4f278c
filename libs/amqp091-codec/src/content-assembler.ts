import { Buffer } from 'node:buffer';
import { Amqp091Error, frameError } from './amqp091-codec.errors.js';
import { Amqp091Reader } from './amqp091-reader.js';
import type { RawBasicProperties } from './basic-properties.js';
import { BodyParts } from './body-parts.js';
import { decodeContentHeader } from './content-header.js';
import { type Amqp091Frame, FrameType } from './frame.js';
import { decodeMethod, hasContent, methodReference } from './method-codec.js';
import type { Amqp091Method } from './method-table.js';

/** What follows a method: its properties, not decoded, and its body. */
export interface Amqp091Content {
  readonly properties: RawBasicProperties;
  /** In order; views of what arrived. Together `bodySize` bytes, none empty. */
  readonly body: readonly Buffer[];
  readonly bodySize: number;
}

/** A method with all that belongs to it. */
export interface Amqp091Command {
  readonly method: Amqp091Method;
  /** Exactly where `hasContent(method.name)`. */
  readonly content?: Amqp091Content;
}

/** Contents that are not whole yet, of all channels of a connection together. */
export class AssemblyBudget {
  private used = 0;

  constructor(private readonly bytesMax: number) {}

  get usedBytes(): number {
    return this.used;
  }

  /** @throws Amqp091Error `resource-error` */
  take(bytes: number): void {
    if (this.used + bytes > this.bytesMax) {
      throw new Amqp091Error(
        'resource-error',
        `more than ${this.bytesMax} bytes of contents that are not complete`,
      );
    }
    this.used += bytes;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }
}

export interface ContentAssemblerOptions {
  readonly channel: number;
  /** Who sends. */
  readonly sender: 'client' | 'server';
  /** Largest body; a larger one is refused when it is announced, with 311 on the channel. */
  readonly bodyBytesMax: number;
  readonly budget: AssemblyBudget;
}

/**
 * Puts the frames of one channel together to commands (section 4.2.6). Heartbeats are not given to it.
 *
 * ```
 *            method with content         header, size > 0
 *   METHOD ---------------------> HEADER ----------------> BODY --+
 *     ^  ^---- header, size 0 ------'                        |    | body, more to come
 *     '--------------------- body, complete ----------------'<---'
 * ```
 * In each state any other frame is a connection exception 505, as in RabbitMQ's `rabbit_command_assembler`.
 */
export class ContentAssembler {
  private readonly reader = new Amqp091Reader();
  private state: 'method' | 'header' | 'body' = 'method';
  private method: Amqp091Method | undefined;
  private properties: RawBasicProperties | undefined;
  private bodySize = 0;
  private missingBytes = 0;
  private parts: BodyParts | undefined;
  /** What this one has of the budget. */
  private heldBytes = 0;

  constructor(private readonly options: ContentAssemblerOptions) {}

  /** A content has begun and is not complete. */
  get isWithinContent(): boolean {
    return this.state !== 'method';
  }

  /**
   * @returns the command that the frame completes
   * @throws Amqp091Error with method and channel; then the assembler waits for a method again
   */
  push(frame: Amqp091Frame): Amqp091Command | undefined {
    try {
      if (this.state === 'method') return this.onMethod(frame);
      return this.state === 'header' ? this.onHeader(frame) : this.onBody(frame);
    } catch (error) {
      if (error instanceof Amqp091Error) this.blame(error);
      this.abandon();
      throw error;
    }
  }

  /** Forgets an unfinished content: the channel is closed. */
  abandon(): void {
    this.options.budget.give(this.heldBytes);
    this.heldBytes = 0;
    this.state = 'method';
    this.method = undefined;
    this.properties = undefined;
    this.parts = undefined;
    this.missingBytes = 0;
  }

  private blame(error: Amqp091Error): void {
    const { channel } = this.options;
    if (this.method === undefined) error.channel = channel;
    else error.about(methodReference(this.method.name), channel);
  }

  private onMethod(frame: Amqp091Frame): Amqp091Command | undefined {
    if (frame.type !== FrameType.METHOD) throw unexpected('a method', frame);
    const { channel, sender } = this.options;
    const method = decodeMethod(this.reader, frame.payload, channel, sender);
    if (!hasContent(method.name)) return { method };
    this.method = method;
    this.state = 'header';
    return undefined;
  }

  private onHeader(frame: Amqp091Frame): Amqp091Command | undefined {
    if (frame.type !== FrameType.HEADER) throw unexpected('a content header', frame);
    const { classId, bodySize, properties } = decodeContentHeader(frame.payload);
    const wanted = methodReference(this.method!.name).classId;
    if (classId !== wanted) {
      throw new Amqp091Error('unexpected-frame', `content header of class ${classId}, not ${wanted}`);
    }
    const { bodyBytesMax } = this.options;
    if (bodySize > bodyBytesMax) {
      throw new Amqp091Error('content-too-large', `body of ${bodySize} bytes, at most ${bodyBytesMax}`);
    }
    this.bodySize = bodySize;
    this.missingBytes = bodySize;
    if (bodySize === 0) return this.complete(properties, []);
    this.hold(properties.length);
    // Copied: a channel that says no more would keep the whole chunk alive, and there are up to 65,535 channels.
    this.properties = Buffer.allocUnsafeSlow(properties.length);
    properties.copy(this.properties);
    this.state = 'body';
    return undefined;
  }

  private onBody(frame: Amqp091Frame): Amqp091Command | undefined {
    if (frame.type !== FrameType.BODY) throw unexpected('a content body', frame);
    const { payload } = frame;
    if (payload.length > this.missingBytes) {
      throw frameError(`body frame of ${payload.length} bytes where ${this.missingBytes} are missing`);
    }
    this.missingBytes -= payload.length;
    if (this.missingBytes === 0 && this.parts === undefined)
      return this.complete(this.properties!, [payload]);
    this.hold(payload.length);
    this.parts ??= new BodyParts();
    this.parts.add(payload);
    return this.missingBytes === 0 ? this.complete(this.properties!, this.parts.take()) : undefined;
  }

  private hold(bytes: number): void {
    this.options.budget.take(bytes);
    this.heldBytes += bytes;
  }

  private complete(properties: RawBasicProperties, body: readonly Buffer[]): Amqp091Command {
    const command = { method: this.method!, content: { properties, body, bodySize: this.bodySize } };
    this.abandon();
    return command;
  }
}

const frameNames: Readonly<Record<number, string>> = {
  [FrameType.METHOD]: 'a method',
  [FrameType.HEADER]: 'a content header',
  [FrameType.BODY]: 'a content body',
  [FrameType.HEARTBEAT]: 'a heartbeat',
};

/** Section 4.2.6: "incomplete or badly-formatted content". */
function unexpected(wanted: string, { type }: Amqp091Frame): Amqp091Error {
  return new Amqp091Error('unexpected-frame', `expected ${wanted}, got ${frameNames[type]}`);
}
