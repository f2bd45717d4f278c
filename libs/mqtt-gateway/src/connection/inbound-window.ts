import { Buffer } from 'node:buffer';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { MqttQos } from '#libs/mqtt-codec';
import type { LatencyHistogram } from '#libs/telemetry';
import { MqttError } from '../mqtt.errors.js';
import { ReadingPause, type ReadingPauses } from './reading-pauses.js';

/** A publish of the client that is not answered yet. */
export interface PendingPublish {
  readonly packetId: number;
  readonly qos: MqttQos;
  readonly bytes: number;
  /** On the clock of `performance.now`. */
  readonly beganMs: number;
  /** Undefined until it is known how it ended; then what the client is told. */
  answer: PublishAnswer | undefined;
}

export interface PublishAnswer {
  readonly reasonCode: number;
  readonly reason?: string;
}

export const publishStored: PublishAnswer = { reasonCode: MqttReasonCode.SUCCESS };

export interface InboundWindowOptions {
  readonly receiveMaximum: number;
  readonly publishBytesInFlightMax: number;
  /** The client knows the Receive Maximum and must keep it; else it is not read at it. */
  readonly told: boolean;
  readonly pauses: ReadingPauses;
  /** From PUBLISH until it is stored or refused. */
  readonly latency: Pick<LatencyHistogram, 'observe'>;
  /** Sends the acknowledgements of publishes that were stored, as they are. */
  send(acknowledgements: Buffer, pubacks: number, pubrecs: number): void;
  sendRefusal(pending: PendingPublish, answer: PublishAnswer): void;
}

const PUBACK = 0x40;
const PUBREC = 0x50;
const acknowledgementBytes = 4;

/**
 * The publishes of one connection that are not answered. PUBACK and PUBREC go out in the order in which the publishes came
 * [MQTT-4.6.0-2, -3], those that are known in one turn of the event loop as one buffer.
 */
export class InboundWindow {
  readonly #options: InboundWindowOptions;
  /** QoS 1 and 2, oldest first, from {@link #first} on. */
  #line: PendingPublish[] = [];
  #first = 0;
  #flushing = false;
  /** QoS 1 until PUBACK, QoS 2 until PUBCOMP. */
  #counted = 0;
  #bytes = 0;
  #pending = 0;
  /** QoS 2 packet ids that count. */
  #unreleased: Set<number> | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(options: InboundWindowOptions) {
    this.#options = options;
  }

  /** Publishes that are being stored. */
  get pending(): number {
    return this.#pending;
  }

  get #unanswered(): number {
    return this.#line.length - this.#first;
  }

  /** @throws MqttError 0x93: the client sends more than the Receive Maximum [MQTT-3.3.4-9] */
  begin(packetId: number, qos: MqttQos, bytes: number): PendingPublish {
    const beganMs = performance.now();
    const pending: PendingPublish = { packetId, qos, bytes, beganMs, answer: undefined };
    if (qos > 0) {
      this.#count(packetId, qos);
      this.#line.push(pending);
      // Of those that we have not answered: to release the others, the client has to be read.
      if (!this.#options.told && this.#unanswered >= this.#options.receiveMaximum) {
        this.#options.pauses.add(ReadingPause.receiveMaximum);
      }
    }
    this.#pending++;
    this.#bytes += bytes;
    const { publishBytesInFlightMax, pauses } = this.#options;
    if (this.#bytes >= publishBytesInFlightMax) pauses.add(ReadingPause.bytesInFlight);
    return pending;
  }

  /** It is stored, or refused. */
  settle(pending: PendingPublish, answer: PublishAnswer): void {
    pending.answer = answer;
    this.#options.latency.observe(performance.now() - pending.beganMs);
    this.#pending--;
    this.#bytes -= pending.bytes;
    const { publishBytesInFlightMax, pauses } = this.#options;
    if (this.#bytes <= publishBytesInFlightMax / 2) pauses.remove(ReadingPause.bytesInFlight);
    if (pending.qos > 0 && !this.#flushing) {
      this.#flushing = true;
      process.nextTick(flush, this);
    } else if (this.#pending === 0) this.#idle();
  }

  /** PUBCOMP is sent. */
  released(packetId: number): void {
    if (this.#unreleased?.delete(packetId)) this.#uncount();
  }

  /** Resolves when all that came is answered. */
  async idle(): Promise<void> {
    if (this.#pending === 0 && !this.#flushing) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Sends what is known of the oldest ones. */
  flush(): void {
    this.#flushing = false;
    const line = this.#line;
    let next = this.#first;
    while (next < line.length) {
      const from = next;
      while (line[next]?.answer?.reasonCode === MqttReasonCode.SUCCESS) next++;
      if (next > from) this.#acknowledge(from, next);
      const pending = line[next];
      if (pending?.answer === undefined) break;
      this.#refuse(pending, pending.answer);
      next++;
    }
    this.#first = next;
    if (next === line.length) {
      this.#line = [];
      this.#first = 0;
    } else if (next > 1_024) {
      line.splice(0, next);
      this.#first = 0;
    }
    if (this.#unanswered < this.#options.receiveMaximum) {
      this.#options.pauses.remove(ReadingPause.receiveMaximum);
    }
    if (this.#pending === 0) this.#idle();
  }

  #acknowledge(from: number, to: number): void {
    const bytes = Buffer.allocUnsafe((to - from) * acknowledgementBytes);
    let pubacks = 0;
    for (let index = from, at = 0; index < to; index++) {
      const { packetId, qos } = this.#line[index]!;
      bytes[at++] = qos === 1 ? PUBACK : PUBREC;
      bytes[at++] = 2;
      bytes[at++] = packetId >> 8;
      bytes[at++] = packetId & 0xff;
      if (qos === 2) continue;
      pubacks++;
      this.#uncount();
    }
    this.#options.send(bytes, pubacks, to - from - pubacks);
  }

  #refuse(pending: PendingPublish, answer: PublishAnswer): void {
    if (pending.qos === 1) this.#uncount();
    else this.released(pending.packetId);
    this.#options.sendRefusal(pending, answer);
  }

  #count(packetId: number, qos: MqttQos): void {
    if (qos === 2) {
      this.#unreleased ??= new Set();
      if (this.#unreleased.has(packetId)) return;
      this.#unreleased.add(packetId);
    }
    const { receiveMaximum, told } = this.#options;
    if (++this.#counted > receiveMaximum && told) {
      throw new MqttError(
        MqttReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
        `more than ${receiveMaximum} publishes that are not answered`,
      );
    }
  }

  #uncount(): void {
    this.#counted--;
  }

  #idle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

function flush(window: InboundWindow): void {
  window.flush();
}
