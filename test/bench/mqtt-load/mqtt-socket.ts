import { Buffer } from 'node:buffer';
import { encodePacket, noProperties } from '#libs/mqtt-codec';
import { LoadConnection } from '../load-connection.js';

export class MqttSocket extends LoadConnection {
  /** Whole packets: the first byte, and where the rest of the packet begins and ends in the bytes. */
  onPacket: (firstByte: number, bytes: Buffer, start: number, end: number) => void = () => {};
  #rest: Buffer | undefined;

  private constructor(endpoint: string) {
    super(endpoint);
    this.socket.on('data', (bytes) => this.#take(bytes));
  }

  /** Resolves after CONNACK. */
  static connect(endpoint: string, clientId: string): Promise<MqttSocket> {
    const client = new MqttSocket(endpoint);
    client.socket.write(
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
    return client.opened(clientId, (resolve, reject) => {
      client.onPacket = (first, bytes, start) => {
        if (first >> 4 === 2 && bytes[start + 1] === 0) resolve();
        else reject(new Error(`${clientId} was refused: ${bytes.toString('hex', start)}`));
      };
    });
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
