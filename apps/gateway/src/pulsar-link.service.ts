import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PulsarClient } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG } from './gateway.tokens.js';
import { pulsarClientOptions } from './pulsar-options.js';

export interface PulsarProbe {
  readonly reachable: boolean;
  readonly reason?: string;
}

/** A probe's answer serves all health requests of this long, so that probing costs Pulsar little. */
const probeCacheMs = 1_000;
const probeTimeoutMs = 3_000;

/** The process's one Pulsar client, closed last. */
@Injectable()
export class PulsarLink implements OnApplicationShutdown {
  readonly client: PulsarClient;
  private readonly beforeClosing: (() => Promise<void>)[] = [];
  private cached: { at: number; probe: Promise<PulsarProbe> } | undefined;

  constructor(@Inject(GATEWAY_CONFIG) config: GatewayConfig, @Inject(LOG) log: Log) {
    this.client = new PulsarClient(pulsarClientOptions(config, log));
  }

  /** Whether a broker answers now. Never throws. */
  probe(): Promise<PulsarProbe> {
    const now = performance.now();
    if (this.cached === undefined || now - this.cached.at > probeCacheMs) {
      this.cached = { at: now, probe: this.ask() };
    }
    return this.cached.probe;
  }

  /** For what needs Pulsar until the very end. */
  beforeClose(action: () => Promise<void>): void {
    this.beforeClosing.push(action);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.beforeClosing.map((action) => action()));
    await this.client.close();
  }

  private async ask(): Promise<PulsarProbe> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${probeTimeoutMs} ms`)), probeTimeoutMs);
    try {
      await Promise.race([this.client.ping(), late]);
      return { reachable: true };
    } catch (error) {
      return { reachable: false, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}
