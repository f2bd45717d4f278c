import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import {
  type AmqpCompositeInput,
  type AmqpFrame,
  AmqpFrameDecoder,
  encodeFrame,
  encodeProtocolHeader,
} from '#libs/amqp-codec';

const windowMax = 0x7fff_ffff;
const frameBytesMax = 1_048_576;

/** A client that knows as little of AMQP as it can, so that the gateway is measured and not it: one session, one link. */
export class AmqpSocket {
  onFrame: (frame: AmqpFrame) => void = () => {};
  /** All frames of one piece of the socket's bytes were given. */
  onPiece: () => void = () => {};
  /** Deliveries that it may have sent by now, on a link that it sends on. */
  creditUpTo = 0;
  readonly #decoder = new AmqpFrameDecoder(frameBytesMax);

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => {
      for (const input of this.#decoder.push(bytes)) if (input.type === 'frame') this.#onFrame(input);
      this.onPiece();
    });
  }

  /** Without SASL, as an anonymous client may. Resolves when the link is attached. */
  static async attach(
    endpoint: string,
    attach: Omit<AmqpCompositeInput<'attach'>, 'type' | 'handle'>,
  ): Promise<AmqpSocket> {
    const [host, port] = endpoint.split(':') as [string, string];
    const socket = connect({ host, port: Number(port), noDelay: true });
    const client = new AmqpSocket(socket);
    const windows = { nextOutgoingId: 0, incomingWindow: windowMax, outgoingWindow: windowMax };
    socket.write(
      Buffer.concat([
        encodeProtocolHeader('amqp'),
        encodeFrame(0, { type: 'open', containerId: attach.name }),
        encodeFrame(0, { type: 'begin', ...windows }),
        encodeFrame(0, { type: 'attach', handle: 0, ...attach }),
      ]),
    );
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`${attach.name} was closed before it was attached`)));
      client.onFrame = ({ performative }) => {
        if (performative.type === 'attach') resolve();
        if (performative.type === 'detach' || performative.type === 'close') {
          reject(new Error(`${attach.name}: ${performative.error?.condition}`));
        }
      };
    });
    client.failsWith((error) => {
      throw error;
    });
    return client;
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

  /** What to do when the connection ends. */
  failsWith(fail: (error: Error) => void): void {
    this.socket.removeAllListeners('error').removeAllListeners('close');
    this.socket.once('error', fail);
    this.socket.once('close', () => fail(new Error('the gateway closed a connection')));
  }

  close(): void {
    this.failsWith(() => {});
    this.socket.destroy();
  }
}
