import { MqttReasonCode } from '#libs/mqtt-codec';
import { type QuotaHandle, QuotaPause, type ThrottleCounters } from '#libs/rate-limit';
import { MqttError } from '../mqtt.errors.js';
import { ReadingPause, type ReadingPauses } from './reading-pauses.js';

/**
 * Keeps a client to what it may publish. A message is let through and paid for by not reading the client for a while; while
 * the clients that share the limit together owe too much, those of MQTT 5 are refused. Before MQTT 5 there is no word for that.
 */
export class PublishRate {
  readonly #pause: QuotaPause;

  constructor(
    private readonly quota: QuotaHandle,
    pauses: ReadingPauses,
    private readonly refuses: boolean,
    counters: ThrottleCounters,
  ) {
    this.#pause = new QuotaPause({
      owedMs: () => Math.max(quota.owedInMs(), quota.owedRequestMs()),
      limits: () => quota,
      counters,
      onBegin: () => pauses.add(ReadingPause.rateLimit),
      onEnd: () => pauses.remove(ReadingPause.rateLimit),
    });
  }

  /** 0x97, or undefined: the message may be published. Either way the client may not be read for a while. */
  admit(bytes: number): MqttError | undefined {
    const { quota } = this;
    if (!this.refuses || !quota.refusesIn) {
      this.#pause.begin(quota.admitIn(bytes, 1));
      return undefined;
    }
    this.#pause.begin(quota.owedInMs());
    return new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'the tenant publishes more than it may');
  }

  /** Any packet of the client. */
  admitPacket(): void {
    this.#pause.begin(this.quota.admitRequest());
  }

  close(): void {
    this.#pause.close();
  }
}
