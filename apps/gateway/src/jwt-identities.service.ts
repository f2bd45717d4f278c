import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type AuthSource, JwtSource, TenantBinder } from '#libs/auth';
import { type Log, Metrics } from '#libs/telemetry';
import { jwtIssuerOf } from './config/jwt.schema.js';
import type { GatewayConfig } from './gateway.config.js';
import { GATEWAY_CONFIG, LOG } from './gateway.tokens.js';

/** The issuers whose tokens are believed, and their keys while the gateway runs. */
@Injectable()
export class JwtIdentities implements OnModuleInit, OnModuleDestroy {
  private readonly source: JwtSource | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(TenantBinder) binder: TenantBinder,
    @Inject(Metrics) metrics: Metrics,
    @Inject(LOG) log: Log,
  ) {
    metrics.gauge({
      name: 'pulsegate_token_keys_age_seconds',
      help: 'Since the keys of an issuer of tokens were read; +Inf = they never were.',
      labelNames: ['issuer'],
      read: () =>
        (this.source?.keyAges() ?? []).map(({ issuer, ageMs }) => ({
          labels: { issuer },
          value: ageMs / 1_000,
        })),
    });
    const issuers = config.authentication.jwt.map((issuer) => jwtIssuerOf(issuer));
    if (issuers.length > 0) this.source = new JwtSource({ issuers, binder, log });
  }

  /** None where no issuer is configured: nobody then asks for tokens. */
  get sources(): readonly AuthSource[] {
    return this.source === undefined ? [] : [this.source];
  }

  /** Before a listener opens. */
  async onModuleInit(): Promise<void> {
    await this.source?.start();
  }

  onModuleDestroy(): void {
    this.source?.close();
  }
}
