import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertPortFree } from './free-port.js';

describe('assertPortFree', () => {
  const taken = createServer();
  beforeAll(() => new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => taken.close(resolve)));
  const port = () => (taken.address() as AddressInfo).port;

  it('names the address that another process has', () =>
    expect(assertPortFree('listener kafka', '127.0.0.1', port())).rejects.toThrow(
      `listener kafka cannot bind 127.0.0.1:${port()}: the port is in use`,
    ));

  it('names an address that this machine does not have', () =>
    expect(assertPortFree('listener kafka', '192.0.2.1', 9092)).rejects.toThrow(
      'listener kafka cannot bind 192.0.2.1:9092: listen EADDRNOTAVAIL',
    ));

  it('gives back what was free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const free = (other.address() as AddressInfo).port;
    await new Promise((resolve) => other.close(resolve));
    await assertPortFree('x', '127.0.0.1', free);
    await assertPortFree('x', '127.0.0.1', free);
  });
});
