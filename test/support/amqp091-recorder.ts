// A way to an AMQP 0-9-1 server that records every message: what a client sent, what a client was given, as bytes.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const headerFrame = 2;
const bodyFrame = 3;
const frameOverheadBytes = 8;
const basicClass = 60;
const publish = 40;
const deliver = 60;

/** Of one queue, in the order of the wire: content header and body in hexadecimal. */
export type RecordedMessages = ReadonlyMap<string, readonly string[]>;

/** By its own reading of frames, so that no fault of the codec is hidden. Queues are known by their routing keys. */
export class Amqp091Recorder {
  private readonly sockets = new Set<Socket>();
  private readonly sent = new Map<string, string[]>();
  private readonly delivered = new Map<string, string[]>();

  private constructor(
    private readonly server: Server,
    private readonly to: string,
  ) {
    server.on('connection', (client) => this.forward(client));
  }

  /** @param to `host:port` */
  static async start(to: string): Promise<Amqp091Recorder> {
    const server = createServer();
    const recorder = new Amqp091Recorder(server, to);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return recorder;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get published(): RecordedMessages {
    return this.sent;
  }

  get given(): RecordedMessages {
    return this.delivered;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(client: Socket): void {
    const [host, port] = this.to.split(':') as [string, string];
    const gateway = connect({ host, port: Number(port), noDelay: true });
    this.carry(client, gateway, new FrameReading(publish, this.sent, 8));
    this.carry(gateway, client, new FrameReading(deliver, this.delivered, 0));
  }

  private carry(from: Socket, to: Socket, reading: FrameReading): void {
    this.sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      to.write(bytes);
      reading.take(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}

interface Content {
  readonly key: string;
  missingBytes: number;
  hex: string;
}

class FrameReading {
  private waiting = Buffer.alloc(0);
  private readonly contents = new Map<number, Content>();

  constructor(
    /** Of class basic, whose content counts. */
    private readonly method: typeof publish | typeof deliver,
    private readonly messages: Map<string, string[]>,
    private skip: number,
  ) {}

  take(bytes: Buffer): void {
    this.waiting = Buffer.concat([this.waiting, bytes]);
    if (this.skip > 0 && this.waiting.length >= this.skip) {
      this.waiting = this.waiting.subarray(this.skip);
      this.skip = 0;
    }
    while (this.skip === 0 && this.waiting.length >= frameOverheadBytes) {
      const length = frameOverheadBytes + this.waiting.readUInt32BE(3);
      if (this.waiting.length < length) return;
      this.frame(this.waiting[0]!, this.waiting.readUInt16BE(1), this.waiting.subarray(7, length - 1));
      this.waiting = this.waiting.subarray(length);
    }
  }

  private frame(type: number, channel: number, payload: Buffer): void {
    const content = this.contents.get(channel);
    if (type === 1) this.begin(channel, payload);
    if (content === undefined || (type !== headerFrame && type !== bodyFrame)) return;
    if (type === headerFrame) content.missingBytes = Number(payload.readBigUInt64BE(4));
    else content.missingBytes -= payload.length;
    content.hex += payload.toString('hex');
    if (content.missingBytes > 0) return;
    this.contents.delete(channel);
    this.messages.set(content.key, [...(this.messages.get(content.key) ?? []), content.hex]);
  }

  private begin(channel: number, payload: Buffer): void {
    if (payload.readUInt16BE(0) !== basicClass || payload.readUInt16BE(2) !== this.method) return;
    let at = 4;
    const shortString = () => payload.toString('utf8', at + 1, (at += 1 + payload[at]!));
    if (this.method === publish) at += 2;
    else {
      shortString();
      at += 9;
    }
    shortString();
    this.contents.set(channel, { key: shortString(), missingBytes: 0, hex: '' });
  }
}
