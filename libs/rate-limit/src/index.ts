export { Arrivals } from './arrivals.js';
export type { ConnectionQuota } from './limited-entity.js';
export type { QuotaCount, QuotaEffect } from './quota-counts.js';
export { QuotaHandle } from './quota-handle.js';
export { QuotaPause, type QuotaPauseOptions } from './quota-pause.js';
export { registerQuotaMetrics } from './quota-metrics.js';
export { type LimitedClient, RateLimits, type RateLimitsOptions } from './rate-limits.js';
export { parseRate, RateTextError, type RateUnit } from './rate-text.js';
export { TenantQuotas, throttleMsMaxDefault } from './tenant-quotas.js';
