import { MqttReasonCode } from '#libs/mqtt-codec';
import { type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import { MqttError } from '../mqtt.errors.js';
import { ReadingPause, type ReadingPauses } from './reading-pauses.js';

/** The part of the longest wait that may be owed; what MQTT 5 clients publish beyond is refused. */
const owedPart = 0.5;

/** Who hears of each wait. */
export interface ThrottleCounters {
  throttles: number;
  throttledMs: number;
}

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
    private readonly counters: ThrottleCounters,
  ) {
    this.#pause = new QuotaPause({
      owedMs: () => Math.max(quota.owedInMs(), quota.owedRequestMs()),
      throttleMsMax: () => quota.throttleMsMax,
      onBegin: () => pauses.add(ReadingPause.rateLimit),
      onEnd: () => pauses.remove(ReadingPause.rateLimit),
    });
  }

  /** 0x97, or undefined: the message may be published. Either way the client may not be read for a while. */
  admit(bytes: number): MqttError | undefined {
    const { quota } = this;
    if (!quota.limitsIn) return undefined;
    const owedMs = quota.owedInMs();
    const isRefused = this.refuses && owedMs > quota.throttleMsMax * owedPart;
    this.#slow(isRefused ? owedMs : quota.admitIn(bytes, 1));
    return isRefused
      ? new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'the tenant publishes more than it may')
      : undefined;
  }

  /** Any packet of the client. */
  admitPacket(): void {
    this.#slow(this.quota.admitRequest());
  }

  close(): void {
    this.#pause.close();
  }

  #slow(waitMs: number): void {
    if (waitMs === 0) return;
    this.counters.throttles++;
    this.counters.throttledMs += waitMs;
    this.#pause.begin(waitMs);
  }
}
