import { describe, expect, it } from '@jest/globals';
import { type Log, silentLog } from '#libs/telemetry';
import { PhantomKey } from './phantom-key.js';

/** The common state, as one gateway sees it. */
class Values {
  readonly values = new Map<string, Buffer>();
  away = false;

  get(key: string): Buffer | undefined {
    return this.values.get(key);
  }

  async put(key: string, value: Buffer | null): Promise<void> {
    if (this.away) throw new Error('away');
    this.values.set(key, value!);
  }
}

describe('PhantomKey', () => {
  it('is made once, and the same for every gateway and after a restart', async () => {
    const values = new Values();
    const [first, second] = [new PhantomKey(values, silentLog), new PhantomKey(values, silentLog)];
    expect(first.value).toBeUndefined();
    await first.agree();
    const { value } = first;
    expect(value).toHaveLength(32);
    await second.agree();
    expect(second.value).toBe(value);
  });

  it('is made anew when it is none, and absent while it cannot be made', async () => {
    const values = new Values();
    const warnings: unknown[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void warnings.push(fields) };
    const phantom = new PhantomKey(values, log);
    values.away = true;
    await phantom.agree();
    expect(phantom.value).toBeUndefined();
    expect(warnings).toHaveLength(1);
    values.away = false;
    values.values.set('phantom-key', Buffer.alloc(3));
    expect(phantom.value).toBeUndefined();
    await phantom.agree();
    expect(phantom.value).toHaveLength(32);
  });
});
