import { Inject, Injectable } from '@nestjs/common';
import { type AuthSource, TenantBinder } from '#libs/auth';
import type { Log } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { PulsarTokenSource } from './pulsar-token.source.js';

/** Pulsar's own tokens as identities of clients, where `authentication.pulsarTokens` says for which tenants. */
@Injectable()
export class PulsarTokens {
  readonly sources: readonly AuthSource[];

  constructor(
    @Inject(GATEWAY_CONFIG) { authentication: { pulsarTokens } }: GatewayConfig,
    @Inject(PulsarLink) pulsar: PulsarLink,
    @Inject(TenantBinder) binder: TenantBinder,
    @Inject(LOG) log: Log,
  ) {
    this.sources = pulsarTokens
      ? [new PulsarTokenSource({ ...pulsarTokens, brokers: pulsar.client, binder, log })]
      : [];
  }
}
