import type { Metrics } from '#libs/telemetry';
import type { RateLimits } from './rate-limits.js';

/** Entities that are shown as slowed at once. */
const owedSeriesMax = 200;

/** Users and client ids are labels only while they are slowed, so that there are never many. */
export function registerQuotaMetrics(metrics: Metrics, limits: RateLimits): void {
  metrics.counter({
    name: 'pulsegate_quota_exceeded_total',
    help: 'How often a limit was met, by what came of it; dry-run: nothing. Those of the gateway itself have no tenant.',
    labelNames: ['tenant', 'quota', 'effect'],
    read: () =>
      [...limits.counts()].flatMap(({ tenant, quota, slowed, refused, dryRun }) =>
        Object.entries({ slowed, refused, 'dry-run': dryRun })
          .filter(([, value]) => value > 0)
          .map(([effect, value]) => ({ labels: { tenant, quota, effect }, value })),
      ),
  });
  metrics.gauge({
    name: 'pulsegate_quota_owed_seconds',
    help: 'How long those are slowed that are over a rate now. A series is there only for that time.',
    labelNames: ['tenant', 'user', 'client_id', 'quota'],
    read: () => {
      const readings: { labels: Record<string, string>; value: number }[] = [];
      for (const { tenant, user, clientId, quota, owedMs } of limits.owed()) {
        if (readings.length === owedSeriesMax) break;
        readings.push({ labels: { tenant, user, client_id: clientId, quota }, value: owedMs / 1_000 });
      }
      return readings;
    },
  });
}
