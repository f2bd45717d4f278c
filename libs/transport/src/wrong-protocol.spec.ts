import { describe, expect, it } from '@jest/globals';
import { guessProtocol } from './wrong-protocol.js';

describe('guessProtocol', () => {
  it.each([
    ['1603010200010001', 'TLS on a port without TLS'],
    ['1503010002022800', 'TLS on a port without TLS'],
    [Buffer.from('GET / HT').toString('hex'), 'HTTP'],
    [Buffer.from('PRI * HT').toString('hex'), 'HTTP'],
    ['414d515000010000', 'AMQP'],
    ['101000044d515454', 'MQTT'],
    ['0d0a0d0a000d0a51', 'a PROXY protocol header'],
    ['0000001a00120003', 'Kafka'],
    ['0000001a00110001', 'Kafka'],
    ['0000001a00990003', undefined],
    ['ff00001a00120003', undefined],
    ['0000001a0012', undefined],
    ['00', undefined],
  ])('%s is %s', (bytes, expected) => expect(guessProtocol(Buffer.from(bytes, 'hex'))).toBe(expected));
});
