import { connect, type Socket } from 'node:net';
import { decodeCommand, encodeCommandFrame } from '../../../libs/pulsar/src/wire/command-codec.js';
import type { BaseCommand, BaseCommandInit } from '../../../libs/pulsar/src/wire/commands.js';
import { FrameDecoder } from '../../../libs/pulsar/src/wire/frame-decoder.js';
import { HotCommand, HotDecoder, hotCommandType } from '../../../libs/pulsar/src/wire/hot-commands.js';

/** Of one topic. */
export class BareProducer {
  /** That were sent: the sequence id and the offset of the next one. */
  messages = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    readonly id: number,
    readonly name: Buffer,
    private readonly write: (frame: Buffer) => void,
  ) {}

  send(frame: Buffer, stored: () => void): void {
    this.#waiting.push(stored);
    this.write(frame);
  }

  onReceipt(): void {
    this.#waiting.shift()!();
  }
}

/** One connection to a broker that owns all topics. */
export class BarePulsar {
  readonly #broker: Socket;
  readonly #hot = new HotDecoder();
  readonly #receipt = { producerId: 0, sequenceId: 0, ledgerId: 0, entryId: 0, highestSequenceId: 0 };
  readonly #connected = Promise.withResolvers<void>();
  readonly #answers = new Map<number, (command: BaseCommand) => void>();
  readonly #producers = new Map<number, BareProducer>();
  #lastId = 0;
  #corked = false;

  constructor(host: string, port: number) {
    this.#broker = connect({ host, port, noDelay: true });
    const frames = new FrameDecoder();
    this.#broker.on('data', (bytes: Buffer) => frames.push(bytes, (frame) => this.#onFrame(frame)));
    const connectCommand = { clientVersion: 'bare', protocolVersion: 21, featureFlags: {} };
    this.#broker.write(encodeCommandFrame({ connect: connectCommand }));
  }

  async open(topic: string): Promise<BareProducer> {
    await this.#connected.promise;
    const producerId = ++this.#lastId;
    await this.#ask((requestId) => ({ lookupTopic: { topic, requestId } }));
    const { producerSuccess } = await this.#ask((requestId) => ({
      producer: { topic, producerId, requestId },
    }));
    const name = Buffer.from(producerSuccess!.producerName);
    const producer = new BareProducer(producerId, name, (frame) => this.#write(frame));
    this.#producers.set(producerId, producer);
    return producer;
  }

  #ask(command: (requestId: number) => BaseCommandInit): Promise<BaseCommand> {
    const requestId = ++this.#lastId;
    this.#broker.write(encodeCommandFrame(command(requestId)));
    return new Promise((resolve) => this.#answers.set(requestId, resolve));
  }

  #onFrame(frame: Buffer): void {
    const end = 4 + frame.readUInt32BE(0);
    if (hotCommandType(frame, 4, end) === HotCommand.sendReceipt) {
      const { producerId, ledgerId } = this.#hot.sendReceipt(frame, 4, end, this.#receipt);
      if (ledgerId < 0) throw new Error('the broker took an entry for a duplicate');
      this.#producers.get(producerId)!.onReceipt();
      return;
    }
    const command = decodeCommand(frame, 4, end);
    if (command.connected) this.#connected.resolve();
    else if (command.ping) this.#broker.write(encodeCommandFrame({ pong: {} }));
    else {
      const { requestId } = (command.lookupTopicResponse ?? command.producerSuccess)!;
      this.#answers.get(requestId)!(command);
    }
  }

  /** What one read of a client brings goes out together. */
  #write(frame: Buffer): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#broker.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#broker.uncork();
      });
    }
    this.#broker.write(frame);
  }
}
