import { describe, expect, it } from '@jest/globals';
import { hostPort, parseServiceUrl } from './service-url.js';

describe('parseServiceUrl', () => {
  it('reads hosts, ports and their defaults', () => {
    expect(parseServiceUrl('pulsar://a:1,b, [::1]:2/')).toEqual({
      tls: false,
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6650 },
        { host: '::1', port: 2 },
      ],
    });
    expect(parseServiceUrl('pulsar+ssl://broker.example')).toEqual({
      tls: true,
      hosts: [{ host: 'broker.example', port: 6651 }],
    });
    expect(hostPort('::1', 2)).toBe('[::1]:2');
  });

  it.each([
    '',
    'http://a:1',
    'pulsar://',
    'pulsar://a:0',
    'pulsar://a:70000',
    'pulsar://a,,b',
    'pulsar://u@a:1',
    'a:1',
  ])('refuses %p', (text) => {
    expect(() => parseServiceUrl(text)).toThrow(expect.objectContaining({ code: 'InvalidConfiguration' }));
  });
});
