import { afterEach, describe, expect, it } from '@jest/globals';
import { Buffer } from 'node:buffer';
import type { Principal, WatchedSession } from '#libs/auth';
import {
  type ClusterView,
  PeerUnavailable,
  type Splice,
  type SpliceAcceptor,
  type SpliceEvents,
  spliceHeaderBytesMax,
} from '#libs/cluster';
import { type ConnectPacket, MqttDecodeError, noProperties } from '#libs/mqtt-codec';
import { silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { inMemoryLink, type InMemoryLink, type Link, type ProtocolConnection } from '#libs/transport';
import { type ConnectAttempt, servedConnect } from '../connection/connect-attempt.js';
import type { MqttFrame } from '../connection/mqtt-frame.js';
import { SwitchableDecoder } from '../connection/switchable-decoder.js';
import type { MqttError } from '../mqtt.errors.js';
import { CarriedClient } from './carried-client.js';
import { decodeSpliceHeader, encodeSpliceHeader, type SplicedClient } from './splice-header.js';
import { SplicedClients } from './spliced-clients.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_000_000 };
const tenant = { name: 'acme', pulsarNamespace: 'acme/n', limits: {}, kafka };
const tenants = new TenantDirectory([tenant]);
const principal: Principal = { tenant, user: 'alice', groups: ['g'], anonymous: false, source: 'token' };

const connect: ConnectPacket = {
  ...{ type: 'connect', protocolLevel: 5, cleanStart: false, keepAliveSeconds: 60, clientId: 'c' },
  ...{ userName: 'alice', password: Buffer.from('secret'), properties: noProperties },
};

/** The gateway that has the session: keeps what it is given, and answers what it is told to. */
class Owner implements ProtocolConnection<MqttFrame> {
  readonly decoder = new SwitchableDecoder({ connectBytesMax: 10_000, packetBytesMax: 10_000 });
  readonly frames: MqttFrame[] = [];
  writables = 0;
  closed: string | undefined;
  drains = 0;

  constructor(
    readonly link: Link,
    readonly client: SplicedClient,
  ) {}

  onFrame(frame: MqttFrame): void {
    this.frames.push(frame);
    this.decoder.decode();
  }

  onWritable(): void {
    this.writables++;
  }

  onClose(reason: string): void {
    this.closed = reason;
  }

  drained(): Promise<void> {
    this.drains++;
    this.link.send(Buffer.from('bye'));
    return Promise.resolve();
  }

  get heard(): string[] {
    return this.frames.map((frame) => (frame instanceof MqttDecodeError ? frame.code : frame.type));
  }
}

/** Two gateways in one process: a client's link to one of them, and a splice to the other. */
class Bench {
  readonly owners: Owner[] = [];
  readonly refused: MqttError[] = [];
  readonly watched = new Map<WatchedSession, number>();
  readonly edge: InMemoryLink;
  readonly spliced: SplicedClients;
  carried: CarriedClient | undefined;
  unavailable = false;
  private acceptor!: SpliceAcceptor;
  private drain!: (id: Buffer) => Promise<Buffer>;
  readonly carriers: InMemoryLink[] = [];

  constructor() {
    const bench = this;
    this.edge = inMemoryLink({
      name: 'mqtt',
      accept: () => ({
        decoder: { push: (bytes) => [bytes] },
        onFrame: (bytes) => bench.carried?.onRaw(bytes as Buffer),
        onWritable: () => bench.carried?.onLinkWritable(),
        onClose: (reason) => bench.carried?.onLinkClose(reason),
        drained: async () => bench.carried?.drain(),
      }),
    });
    this.spliced = new SplicedClients({
      ...{ tenants, log: silentLog },
      accept: (link, client) => {
        const owner = new Owner(link, client);
        this.owners.push(owner);
        return owner;
      },
    });
    const cluster: Pick<ClusterView, 'splicing' | 'forwarding'> = {
      splicing: {
        open: this.openSplice,
        serve: (_, accept) => {
          this.acceptor = accept;
        },
      },
      forwarding: {
        request: this.request,
        serve: (_, handler) => {
          this.drain = (id) => handler(id, { nodeId: 0, whenGone: () => () => {} });
        },
      },
    };
    this.spliced.serve(cluster);
  }

  readonly request = (_node: number, _kind: string, payload: Buffer) => this.drain(payload);

  /** As `PeerSplicing`, over a pair of streams. */
  readonly openSplice = async (
    nodeId: number,
    _: string,
    header: Buffer,
    events: SpliceEvents,
  ): Promise<Splice> => {
    if (this.unavailable) throw new PeerUnavailable(nodeId, 'it is away');
    const carrier = inMemoryLink({ name: 'cluster', accept: (link) => this.acceptor(link, header, 0) });
    this.carriers.push(carrier);
    carrier.client.onData = (bytes) => events.onBytes(bytes);
    void carrier.client.closed.then((reason) => events.onClose(reason));
    return {
      send: (bytes) => {
        carrier.client.write(bytes);
        return true;
      },
      pause: () => carrier.client.pauseReading(),
      resume: () => carrier.client.resumeReading(),
      close: () => carrier.client.end(),
    };
  };

  async carry(more: Partial<ConnectAttempt> = {}): Promise<CarriedClient> {
    const attempt = {
      ...{ connect, link: this.edge.link, principal, clientId: 'c', assigned: false, authenticated: {} },
      ...{
        authentication: { endsAtMs: Number.POSITIVE_INFINITY, certifiedUntilMs: Number.POSITIVE_INFINITY },
        ...more,
      },
    } as unknown as ConnectAttempt;
    const parts = {
      splicing: { open: this.openSplice, serve: () => {} },
      forwarding: { request: this.request, serve: () => {} },
      watch: {
        watch: (session: WatchedSession, _: Principal, endsAtMs: number) =>
          this.watched.set(session, endsAtMs),
        forget: (session: WatchedSession) => this.watched.delete(session),
      },
      link: this.edge.link,
      refuse: (error: MqttError) => this.refused.push(error),
    };
    this.carried = await CarriedClient.open(1, servedConnect(attempt), parts as never);
    return this.carried;
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('a client whose session is on another gateway', () => {
  let bench: Bench;

  afterEach(() => bench?.edge.client.end());

  it('is served there as who it is here, and its password stays here', async () => {
    bench = new Bench();
    await bench.carry();
    bench.edge.client.write(Buffer.from('c000', 'hex'));
    await turn();
    const [owner] = bench.owners;
    expect(owner!.heard).toEqual(['connect', 'pingreq']);
    const { password: _, ...rest } = connect;
    expect(owner!.frames[0]).toEqual(rest);
    expect(owner!.client).toMatchObject({ clientId: 'c', assigned: false, endsAtMs: undefined });
    expect(owner!.client.principal).toEqual(principal);
    expect(owner!.client.principal.tenant).toBe(tenant);
    expect([owner!.link.id, owner!.link.peer]).toEqual([bench.edge.link.id, bench.edge.link.peer]);
    owner!.link.send(Buffer.from('answer'));
    expect(String(await bench.edge.client.take(6))).toBe('answer');
    expect(bench.spliced.count).toBe(1);
  });

  it('clients of one user are one principal there', async () => {
    bench = new Bench();
    await bench.carry();
    await bench.carry();
    expect(bench.owners[0]!.client.principal).toBe(bench.owners[1]!.client.principal);
  });

  it('ends here when it ends there, after what was said; and there when it ends here', async () => {
    bench = new Bench();
    await bench.carry();
    bench.owners[0]!.link.send(Buffer.from('last'));
    bench.owners[0]!.link.close('done');
    expect(String(await bench.edge.client.take(4))).toBe('last');
    await bench.edge.client.closed;
    expect(bench.watched.size).toBe(0);
    const other = new Bench();
    await other.carry();
    other.edge.client.end();
    await other.edge.client.closed;
    await turn();
    expect(other.owners[0]!.closed).toBe('client-closed');
    expect([other.spliced.count, other.refused]).toEqual([0, []]);
  });

  it('is refused with 0x88 while it has heard nothing: nobody there, or it ends', async () => {
    bench = new Bench();
    bench.unavailable = true;
    await expect(bench.carry()).rejects.toThrow(PeerUnavailable);
    bench.unavailable = false;
    await bench.carry();
    bench.owners[0]!.link.close('slice-lost');
    await turn();
    expect(bench.refused).toMatchObject([{ reasonCode: 0x88 }]);
  });

  it('is refused there when its tenant is not configured there', async () => {
    bench = new Bench();
    const stranger = { ...principal, tenant: { ...tenant, name: 'elsewhere' } };
    await bench.carry({ principal: stranger });
    await turn();
    expect(bench.owners).toEqual([]);
    expect(bench.refused).toMatchObject([{ reasonCode: 0x88 }]);
  });

  it('is watched here until its token ends, or, where it may prove again who it is, its certificate', async () => {
    bench = new Bench();
    const endsAtMs = performance.now() + 60_000;
    const certifiedUntilMs = endsAtMs + 1_000;
    const authentication = { endsAtMs, certifiedUntilMs } as ConnectAttempt['authentication'];
    const carried = await bench.carry({ authentication });
    expect(Math.abs(bench.watched.get(carried)! - endsAtMs)).toBeLessThan(1_000);
    carried.revoked('user');
    expect(await bench.edge.client.closed).toBe('identity-revoked');
    const renewable = new Bench();
    const method = { authenticationMethod: 'SCRAM-SHA-256' };
    const client = await renewable.carry({ authentication, authenticated: method });
    expect(renewable.watched.get(client)).toBe(certifiedUntilMs);
    expect(renewable.owners[0]!.client.authentication).toEqual(method);
  });

  it('is told by the gateway that serves it when either stops', async () => {
    bench = new Bench();
    await bench.carry();
    await bench.edge.drain();
    expect(bench.owners[0]!.drains).toBe(1);
    expect(String(bench.edge.client.received)).toBe('bye');
    const other = new Bench();
    await other.carry();
    await other.spliced.drain();
    expect(String(await other.edge.client.take(3))).toBe('bye');
    await other.carry().then(turn);
    expect(other.owners).toHaveLength(1);
  });

  it('has a header that fits, whatever its names are', () => {
    const client: SplicedClient = {
      ...{ id: 'x', endsAtMs: 5, clientId: 'ö'.repeat(65_535 / 4), assigned: true, principal },
      peer: { remoteAddress: '::1', remotePort: 1, network: '::', tls: true },
      listener: {
        ...{ name: 'l', protocol: 'mqtt', host: 'h', port: 1, tls: true },
        ...{ advertisedHost: 'h', advertisedPort: 1 },
      },
      authentication: { authenticationMethod: 'M', authenticationData: Buffer.from([0, 255]) },
    };
    const bytes = encodeSpliceHeader(client);
    expect(bytes.length).toBeLessThan(spliceHeaderBytesMax);
    expect(decodeSpliceHeader(bytes, tenants)).toEqual(client);
  });
});
