import { describe, expect, it } from '@jest/globals';
import { GrantedPermits } from './granted-permits.js';

describe('GrantedPermits', () => {
  it('asks for what is granted, no more and no less', () => {
    const permits = new GrantedPermits();
    expect(permits.start()).toBe(0);
    expect([permits.grant(5), permits.grant(2)]).toEqual([5, 2]);
    permits.arrived(3);
    expect(permits.outstanding).toBe(4);
  });

  it('asks a new broker again for what did not come', () => {
    const permits = new GrantedPermits();
    permits.grant(5);
    permits.arrived(2);
    expect(permits.start()).toBe(3);
    expect(permits.outstanding).toBe(3);
  });

  it('owes what a large entry brought too much, to this broker and not to the next one', () => {
    const permits = new GrantedPermits();
    permits.grant(1);
    permits.arrived(10);
    expect([permits.outstanding, permits.grant(12), permits.outstanding]).toEqual([-9, 12, 3]);
    permits.arrived(10);
    expect([permits.start(), permits.outstanding]).toEqual([0, 0]);
  });
});
