import { describe, expect, it } from '@jest/globals';
import { PulsarAdminError } from './admin-http.js';
import { whenNotBusy } from './busy-subscription.js';

const busy = () =>
  new PulsarAdminError(412, 'Failed for Subscription Busy: Failed to fence subscription', 'PUT');

/** Fails with each of the errors, then answers. */
function answering(...errors: readonly Error[]) {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'made';
  };
}

describe('a subscription that somebody else makes, too', () => {
  it('is asked for again until the other is done', async () => {
    expect(await whenNotBusy(answering(busy(), busy()))).toBe('made');
    const there = new PulsarAdminError(409, 'Subscription already exists for topic', 'PUT');
    await expect(whenNotBusy(answering(busy(), there))).rejects.toBe(there);
  });

  it('is not asked for again where the broker says something else, or for ever', async () => {
    const unowned = new PulsarAdminError(412, 'Failed to find ownership', 'PUT');
    await expect(whenNotBusy(answering(unowned))).rejects.toBe(unowned);
    const error = busy();
    await expect(whenNotBusy(answering(...Array<Error>(50).fill(error)))).rejects.toBe(error);
  });
});
