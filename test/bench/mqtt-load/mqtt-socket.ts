import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { encodePacket, noProperties } from '#libs/mqtt-codec';

/** A client that knows as little of MQTT as it can, so that the gateway is measured and not it. */
export class MqttSocket {
  /** Whole packets: the first byte, and where the rest of the packet begins and ends in the bytes. */
  onPacket: (firstByte: number, bytes: Buffer, start: number, end: number) => void = () => {};
  /** All packets of one piece of the socket's bytes were given. */
  onPiece: () => void = () => {};
  #rest: Buffer | undefined;

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => this.#take(bytes));
  }

  /** Resolves after CONNACK. */
  static connect(endpoint: string, clientId: string): Promise<MqttSocket> {
    const [host, port] = endpoint.split(':');
    const socket = connect({ host: host!, port: Number(port), noDelay: true });
    const client = new MqttSocket(socket);
    socket.write(
      encodePacket(
        {
          type: 'connect',
          protocolLevel: 4,
          cleanStart: true,
          keepAliveSeconds: 0,
          clientId,
          properties: noProperties,
        },
        4,
      ),
    );
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`${clientId} was closed before CONNACK`)));
      client.onPacket = (first, bytes, start) => {
        if (first >> 4 !== 2 || bytes[start + 1] !== 0) {
          reject(new Error(`${clientId} was refused: ${bytes.toString('hex', start)}`));
          return;
        }
        socket.removeAllListeners('error').removeAllListeners('close');
        client.failsWith((error) => {
          throw error;
        });
        resolve(client);
      };
    });
  }

  /** What to do when the connection ends. */
  failsWith(fail: (error: Error) => void): void {
    this.socket.removeAllListeners('error').removeAllListeners('close');
    this.socket.once('error', fail);
    this.socket.once('close', () => fail(new Error('the gateway closed a connection')));
  }

  /** QoS 0. Resolves after SUBACK. */
  subscribe(filter: string, qos: 0 | 1): Promise<void> {
    const subscription = {
      filter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const packet = {
      type: 'subscribe',
      packetId: 1,
      subscriptions: [subscription],
      properties: noProperties,
    } as const;
    this.socket.write(encodePacket(packet, 4));
    return new Promise((resolve, reject) => {
      this.onPacket = (first, bytes, _start, end) => {
        if (first >> 4 !== 9) return;
        if (bytes[end - 1]! < 0x80) resolve();
        else reject(new Error(`the subscription to ${filter} was refused`));
      };
    });
  }

  close(): void {
    this.failsWith(() => {});
    this.socket.destroy();
  }

  #take(piece: Buffer): void {
    const bytes = this.#rest === undefined ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = undefined;
    let at = 0;
    for (;;) {
      let length = 0;
      let shift = 0;
      let start = at + 1;
      while (start < bytes.length && bytes[start]! > 0x7f) {
        length |= (bytes[start++]! & 0x7f) << shift;
        shift += 7;
      }
      if (start >= bytes.length) break;
      length |= bytes[start++]! << shift;
      if (start + length > bytes.length) break;
      this.onPacket(bytes[at]!, bytes, start, start + length);
      at = start + length;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
    this.onPiece();
  }
}
