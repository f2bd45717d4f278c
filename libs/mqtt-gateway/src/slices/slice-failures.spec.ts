import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BedConnection, requestOf, SliceBed } from '../testing/slice-bed.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A client as the specification wants it, whose connections come and go. */
class Device {
  readonly got: { 1: string[]; 2: string[] } = { 1: [], 2: [] };
  acknowledges = true;
  #connection: BedConnection | undefined;
  /** QoS 2 out: packet ids from PUBLISH to PUBREL. */
  readonly #incoming = new Set<number>();
  /** QoS 2 in: what is not acknowledged to the end. */
  readonly #outgoing = new Map<number, { readonly payload: string; recorded: boolean }>();
  #lastPacketId = 0;

  constructor(
    private readonly bed: SliceBed,
    readonly clientId = 'd',
  ) {}

  get isBusy(): boolean {
    return this.#outgoing.size > 0;
  }

  async connect(): Promise<void> {
    const connection = await this.bed.open(this.clientId).catch(() => undefined);
    if (connection === undefined) return;
    this.#connection = connection;
    if (!connection.opened!.sessionPresent)
      await this.bed.subscribe(connection, 't/#').catch(() => undefined);
    for (const packetId of this.#outgoing.keys()) this.#go(packetId);
  }

  cut(): void {
    this.#connection?.opened?.close({ normal: false });
    this.#connection = undefined;
  }

  lost(): void {
    this.#connection = undefined;
  }

  send(payload: string): void {
    if (this.#outgoing.size >= 20) return;
    const packetId = (this.#lastPacketId = (this.#lastPacketId % 60) + 1);
    if (this.#outgoing.has(packetId)) return;
    this.#outgoing.set(packetId, { payload, recorded: false });
    this.sent.push(payload);
    this.#go(packetId);
  }

  readonly sent: string[] = [];

  /** Reads what it was sent, and answers. */
  read(): void {
    const connection = this.#connection;
    const session = connection?.opened?.session;
    if (connection === undefined || session === undefined) return;
    for (const packet of connection.sink.take()) {
      if (packet.type === 'pubrel') {
        this.#incoming.delete(packet.packetId);
        session.onPubcomp(packet.packetId);
      } else if (packet.type === 'publish') {
        const { qos, packetId, payload } = packet;
        if (qos === 1) this.got[1].push(payload.toString());
        if (qos === 2 && !this.#incoming.has(packetId)) this.got[2].push(payload.toString());
        if (qos === 2) this.#incoming.add(packetId);
        if (!this.acknowledges) continue;
        if (qos === 1) session.onPuback(packetId);
        else session.onPubrec(packetId, 0);
      }
    }
  }

  #go(packetId: number): void {
    const connection = this.#connection;
    const message = this.#outgoing.get(packetId);
    const store = connection?.opened?.session.store;
    if (message === undefined || store === undefined) return;
    const isHere = (error: unknown) => error === undefined && this.#connection === connection;
    if (!message.recorded) {
      store.receive(packetId, requestOf(message.payload), (error) => {
        if (!isHere(error)) return;
        message.recorded = true;
        this.#go(packetId);
      });
      return;
    }
    store.release(packetId, (error) => {
      if (isHere(error)) this.#outgoing.delete(packetId);
    });
  }
}

type Step = (run: Run) => void | Promise<void>;

class Run {
  readonly bed = new SliceBed();
  readonly device = new Device(this.bed);
  readonly published: { 1: string[]; 2: string[] } = { 1: [], 2: [] };
  #count = 0;

  message(qos: 1 | 2): void {
    const payload = `${++this.#count}`;
    this.published[qos].push(payload);
    this.bed.message(payload, qos);
  }

  send(): void {
    this.device.send(`in-${++this.#count}`);
  }

  async crash(lost: number, compacted: boolean): Promise<void> {
    this.device.lost();
    await this.bed.failOver({ lost, compacted });
  }

  async finish(): Promise<void> {
    this.device.acknowledges = true;
    this.bed.log.release();
    this.device.cut();
    await this.bed.settled();
    await this.device.connect();
    for (let round = 0; round < 12; round++) {
      this.device.read();
      await this.bed.settled();
      this.bed.clock.advance(500);
    }
  }
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(1 as const, 2 as const).map((qos) => (run: Run) => run.message(qos)),
  },
  { weight: 4, arbitrary: fc.constant<Step>((run) => run.send()) },
  { weight: 6, arbitrary: fc.constant<Step>((run) => run.device.read()) },
  { weight: 2, arbitrary: fc.constant<Step>((run) => run.device.connect()) },
  { weight: 1, arbitrary: fc.constant<Step>((run) => run.device.cut()) },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (on) =>
        ({ device }: Run) =>
          void (device.acknowledges = on),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>(({ bed }) => bed.log.hold()) },
  { weight: 1, arbitrary: fc.constant<Step>(({ bed }) => bed.log.release()) },
  { weight: 2, arbitrary: fc.constant<Step>(({ bed }) => bed.clock.advance(1_000)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(4), fc.boolean()).map(
      ([lost, compacted]) =>
        (run: Run) =>
          run.crash(lost, compacted),
    ),
  },
);

/** A step and how many turns of the event loop follow. Held receipts would keep `connect` waiting: it is not waited for. */
const script = fc.array(fc.tuple(steps, fc.nat(4)), { minLength: 20, maxLength: 80, size: 'max' });

describe('a slice of sessions that fails at any time', () => {
  it('stores QoS 2 once and gives it once, QoS 1 at least once, all in order', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (all) => {
        const run = new Run();
        await run.device.connect();
        for (const [step, turns] of all) {
          void step(run);
          for (let at = 0; at < turns; at++) await turn();
        }
        await run.finish();
        const { got, sent, isBusy } = run.device;
        expect(got[2]).toEqual(run.published[2]);
        expect([...new Set(got[1])].sort((a, b) => Number(a) - Number(b))).toEqual(run.published[1]);
        expect(isBusy).toBe(false);
        expect([...run.bed.broker.stored].sort()).toEqual([...sent].sort());
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});
