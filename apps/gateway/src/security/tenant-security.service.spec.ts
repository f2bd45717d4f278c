import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Authorizer } from '#libs/auth';
import { LogAgreedState } from '#libs/cluster';
import { PulsarAdminError } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import type { NamespaceGate } from '../namespaces/namespace-gate.service.js';
import type { PulsarLink } from '../pulsar-link.service.js';
import { TenantSecurity } from './tenant-security.service.js';

const topic = 'persistent://public/state/security';
const unread = { retriable: true, message: 'the permissions that clients made are being read' };

/** A gateway that may not use its state namespace, unless `state` says otherwise. */
function security() {
  const state = { pending: false, served: false };
  let topics: () => Promise<string[]> = async () => [];
  const made = new TenantSecurity(
    { cluster: { stateNamespace: 'public/state' } } as GatewayConfig,
    { client: { admin: { topics: () => topics() } }, beforeClose: () => {} } as unknown as PulsarLink,
    { stateReport: () => state } as unknown as NamespaceGate,
    new Authorizer([]),
    new RateLimits([]),
    new Metrics({ version: 'test' }),
    silentLog,
  );
  return {
    made,
    state,
    find: (found: () => Promise<string[]>) => {
      topics = found;
    },
  };
}

describe('rules that may not be known', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('keep tenants from being served until it is found that there are none, and again when others made some', async () => {
    const { made, find } = security();
    expect(made.refusal()).toEqual(unread);
    made.start();
    await jest.advanceTimersByTimeAsync(10);
    expect(made.refusal()).toBeUndefined();
    find(async () => {
      throw new PulsarAdminError(503, 'no answer', 'GET topics');
    });
    await jest.advanceTimersByTimeAsync(3_000);
    expect(made.refusal()).toBeUndefined();
    find(async () => [topic]);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(made.refusal()).toEqual(unread);
  });

  it('may be in a namespace as soon as it can be used', async () => {
    const { made, state } = security();
    made.start();
    await jest.advanceTimersByTimeAsync(10);
    expect(made.refusal()).toBeUndefined();
    state.served = true;
    expect(made.refusal()).toEqual(unread);
  });

  it('keep tenants from being served where some did not fit: one of them may deny', () => {
    const { made } = security();
    Object.assign(made, { wasRead: true });
    expect(made.refusal()).toBeUndefined();
    jest.spyOn(LogAgreedState.prototype, 'isIncomplete', 'get').mockReturnValue(true);
    expect(made.refusal()).toMatchObject({ retriable: true });
  });
});
