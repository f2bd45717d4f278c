import { Buffer } from 'node:buffer';
import {
  type AmqpCompositeInput,
  type AmqpFrame,
  AmqpFrameDecoder,
  encodeFrame,
  encodeProtocolHeader,
} from '#libs/amqp-codec';
import { LoadConnection } from '../load-connection.js';

const windowMax = 0x7fff_ffff;
const frameBytesMax = 1_048_576;

/** One session, one link. */
export class AmqpSocket extends LoadConnection {
  onFrame: (frame: AmqpFrame) => void = () => {};
  /** Deliveries that it may have sent by now, on a link that it sends on. */
  creditUpTo = 0;
  readonly #decoder = new AmqpFrameDecoder(frameBytesMax);

  private constructor(endpoint: string) {
    super(endpoint);
    this.socket.on('data', (bytes) => {
      for (const input of this.#decoder.push(bytes)) if (input.type === 'frame') this.#onFrame(input);
      this.onPiece();
    });
  }

  /** Without SASL, as an anonymous client may. Resolves when the link is attached. */
  static async attach(
    endpoint: string,
    attach: Omit<AmqpCompositeInput<'attach'>, 'type' | 'handle'>,
  ): Promise<AmqpSocket> {
    const client = new AmqpSocket(endpoint);
    const windows = { nextOutgoingId: 0, incomingWindow: windowMax, outgoingWindow: windowMax };
    client.socket.write(
      Buffer.concat([
        encodeProtocolHeader('amqp'),
        encodeFrame(0, { type: 'open', containerId: attach.name }),
        encodeFrame(0, { type: 'begin', ...windows }),
        encodeFrame(0, { type: 'attach', handle: 0, ...attach }),
      ]),
    );
    return client.opened(attach.name, (resolve, reject) => {
      client.onFrame = ({ performative }) => {
        if (performative.type === 'attach') resolve();
        if (performative.type === 'detach' || performative.type === 'close') {
          reject(new Error(`${attach.name}: ${performative.error?.condition}`));
        }
      };
    });
  }

  #onFrame(frame: AmqpFrame): void {
    const { performative } = frame;
    if (performative.type === 'flow' && performative.handle !== undefined) {
      this.creditUpTo = (performative.deliveryCount ?? 0) + (performative.linkCredit ?? 0);
    }
    this.onFrame(frame);
  }

  /** Gives credit, on a link that it receives on. */
  credit(deliveryCount: number, linkCredit: number): void {
    const flow = { nextOutgoingId: 0, outgoingWindow: windowMax, incomingWindow: windowMax, handle: 0 };
    this.socket.write(
      encodeFrame(0, { type: 'flow', ...flow, nextIncomingId: deliveryCount, deliveryCount, linkCredit }),
    );
  }

  /** @param settled false: it is told when Pulsar has it */
  accept(first: number, last: number, settled = true): void {
    const state = { type: 'accepted' } as const;
    this.socket.write(encodeFrame(0, { type: 'disposition', role: true, first, last, settled, state }));
  }
}
