// A way to the broker that can be cut, stalled, or made to lose what the broker answers.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { testPulsar } from './pulsar.js';

/**
 * Forwards connections to the test Pulsar's binary port, or to another place; a broker on loopback is reached through it
 * for everything.
 */
export class FaultyLink {
  private readonly pairs = new Set<{ client: Socket; broker: Socket }>();
  private answersLost = false;
  private stalled = false;
  private timers: NodeJS.Timeout[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  /** @param url of which host and port count */
  static async start(url = testPulsar.serviceUrl.split(',')[0] as string): Promise<FaultyLink> {
    const server = createServer();
    const link = new FaultyLink(server, new URL(url));
    server.on('connection', (client) => link.forward(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is not listening');
    return address.port;
  }

  /** Ends all connections at once. */
  cut(): void {
    for (const { client, broker } of this.pairs) {
      client.destroy();
      broker.destroy();
    }
  }

  /** The broker gets everything, its answers of the next `ms` never arrive; then the connections are cut. */
  loseAnswers(ms: number): void {
    this.answersLost = true;
    this.after(ms, () => {
      this.cut();
      this.answersLost = false;
    });
  }

  /** Nothing passes for `ms` in either direction, also not on new connections; then all of it does. */
  stall(ms: number): void {
    this.stalled = true;
    for (const pair of this.pairs) this.hold(pair);
    this.after(ms, () => this.heal());
  }

  heal(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    this.answersLost = false;
    this.stalled = false;
    for (const { client, broker } of this.pairs) {
      client.resume();
      broker.resume();
    }
  }

  async stop(): Promise<void> {
    this.heal();
    this.cut();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private after(ms: number, run: () => void): void {
    this.timers.push(setTimeout(run, ms));
  }

  private hold({ client, broker }: { client: Socket; broker: Socket }): void {
    client.pause();
    broker.pause();
  }

  private forward(client: Socket): void {
    const { hostname, port } = this.target;
    const broker = connect(Number(port), hostname);
    const pair = { client, broker };
    this.pairs.add(pair);
    client.on('data', (bytes) => broker.write(bytes));
    broker.on('data', (bytes) => {
      if (!this.answersLost) client.write(bytes);
    });
    if (this.stalled) this.hold(pair);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
