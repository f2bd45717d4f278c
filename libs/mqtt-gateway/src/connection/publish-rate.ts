import { MqttReasonCode } from '#libs/mqtt-codec';
import type { TenantLimiter } from '#libs/rate-limit';
import { MqttError } from '../mqtt.errors.js';
import { ReadingPause, type ReadingPauses } from './reading-pauses.js';

/** The part of the longest wait that a tenant may owe; what MQTT 5 clients publish beyond is refused. */
const owedPart = 0.5;

/**
 * Keeps a client to what its tenant may publish. A message is let through and paid for by not reading the client for a while;
 * while the tenant's clients together owe too much, MQTT 5 clients are refused. Before MQTT 5 there is no word for that.
 */
export class PublishRate {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limiter: TenantLimiter,
    private readonly pauses: ReadingPauses,
    private readonly refuses: boolean,
  ) {}

  /** 0x97, or undefined: the message may be published. Either way the client may not be read for a while. */
  admit(bytes: number): MqttError | undefined {
    const { limiter } = this;
    const owedMs = limiter.admitProduce(0, 0);
    const isRefused = this.refuses && owedMs > limiter.throttleMsMax * owedPart;
    const waitMs = isRefused ? owedMs : limiter.admitProduce(bytes, 1);
    if (waitMs > 0 && !this.pauses.has(ReadingPause.rateLimit)) this.#pause(waitMs);
    return isRefused
      ? new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'the tenant publishes more than it may')
      : undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #pause(waitMs: number): void {
    this.pauses.add(ReadingPause.rateLimit);
    this.#timer = setTimeout(() => this.pauses.remove(ReadingPause.rateLimit), waitMs);
  }
}
