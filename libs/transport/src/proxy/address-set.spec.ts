import { describe, expect, it } from '@jest/globals';
import { AddressSet, addressRangeFault } from './address-set.js';

describe('AddressSet', () => {
  const addresses = new AddressSet(['10.0.0.0/24', '192.0.2.7', '2001:db8::/32', '::1']);
  it.each([
    ['10.0.0.1', true],
    ['10.0.0.255', true],
    ['10.0.1.0', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['::1', true],
    ['127.0.0.1', false],
  ])('has %s: %s', (address, expected) => expect(addresses.has(address)).toBe(expected));

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/0',
    '::/0',
    '::/129',
    '10.0.0',
    'proxy.example',
    '10.0.0.1/',
    '10.0.0.1/-1',
    ' 10.0.0.1',
    '',
  ])('refuses %j', (range) => {
    expect(addressRangeFault(range)).toContain('an IP address');
    expect(() => new AddressSet([range])).toThrow('an IP address');
  });
});
