import { expect, it } from '@jest/globals';
import { TenantSlots } from './tenant-slots.js';

it('has slots for other tenants when one of them does not get on, and gives each in its turn', async () => {
  const slots = new TenantSlots(3, 2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (tenant: string, name: string) =>
    slots.run(tenant, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => run(name[0]!, name));
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  ends.get('b1')!();
  await all[3];
  await undefined;
  expect(begun.slice(3)).toEqual(['b2']);
  ends.get('a1')!();
  await all[0];
  await undefined;
  expect(begun.slice(4)).toEqual(['a3']);
  ends.get('b2')!();
  await all[4];
  await undefined;
  expect(begun.slice(5)).toEqual(['c1']);
  for (const end of ends.values()) end();
  await Promise.all(all);
  const failing = slots.run('a', () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await slots.run('a', async () => 1)).toBe(1);
});
