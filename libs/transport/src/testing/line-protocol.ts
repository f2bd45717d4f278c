import {
  type FrameDecoder,
  type Link,
  MalformedFrame,
  type Protocol,
  type ProtocolConnection,
} from '../protocol.js';

const lineBytesMax = 1_024;

/** Lines of text as frames, at most 1 KiB each. */
export class LineDecoder implements FrameDecoder<string> {
  #rest = '';

  push(bytes: Buffer): readonly string[] {
    const text = bytes.toString('latin1');
    if (text.includes('RANGE')) Buffer.alloc(1).readUInt32BE(0);
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    if (this.#rest.length > lineBytesMax)
      throw new MalformedFrame('line-too-long', 'a line has more than 1,024 bytes');
    return lines;
  }
}

/** What the transport's own tests speak: each line is a command. */
export class LineConnection implements ProtocolConnection<string> {
  readonly decoder = new LineDecoder();
  readonly lines: string[] = [];
  readonly closeReasons: string[] = [];
  writables = 0;
  inFlight = 0;
  /** Bytes that `flood` has still to send. */
  floodBytes = 0;
  #drained: (() => void) | undefined;

  constructor(readonly link: Link) {}

  onFrame(line: string): void {
    this.lines.push(line);
    const [command, argument = ''] = line.split(' ');
    if (command === 'auth') this.link.authenticated();
    else if (command === 'echo') this.link.send(Buffer.from(`${argument}\n`));
    else if (command === 'parts') this.link.send([Buffer.from('a'), Buffer.alloc(0), Buffer.from('b\n')]);
    else if (command === 'pause') this.link.pause();
    else if (command === 'throw') throw new Error('a bug');
    else if (command === 'malformed') throw new MalformedFrame('bad-command', 'no such command');
    else if (command === 'quit') {
      this.link.send(Buffer.from('bye\n'));
      this.link.close('quit');
    } else if (command === 'flood') {
      this.floodBytes = Number(argument);
      this.flood();
    } else if (command === 'slow') {
      this.inFlight++;
      setTimeout(() => this.answerSlowly(), Number(argument)).unref();
    }
  }

  answerSlowly(): void {
    this.inFlight--;
    this.link.send(Buffer.from('done\n'));
    if (this.inFlight === 0) this.#drained?.();
  }

  flood(): void {
    while (this.floodBytes > 0) {
      const chunk = Buffer.alloc(Math.min(16_384, this.floodBytes), 'x');
      this.floodBytes -= chunk.length;
      if (!this.link.send(chunk)) return;
    }
  }

  onWritable(): void {
    this.writables++;
    this.flood();
  }

  onClose(reason: string): void {
    this.closeReasons.push(reason);
  }

  drained(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }
}

export class LineProtocol implements Protocol<string> {
  readonly name = 'line';
  readonly websocket = {
    subprotocols: ['mqtt', 'mqttv3.1'],
    messageBytesMax: 2_000_000,
    unauthenticatedBytesMax: 8_192,
  };
  readonly connections: LineConnection[] = [];

  accept(link: Link): LineConnection {
    const connection = new LineConnection(link);
    this.connections.push(connection);
    return connection;
  }
}
