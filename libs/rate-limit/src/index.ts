export { RateLimits } from './rate-limits.js';
export { TenantLimiter, throttleMsMaxDefault } from './tenant-limiter.js';
export { TokenBucket, type TokenBucketOptions } from './token-bucket.js';
