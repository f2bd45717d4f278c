import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { Amqp091Error, closeOf, encodeMethod, replyCodes, replyText } from './index.js';

describe('reply codes', () => {
  it('are those of the specification, once each', () => {
    const codes = Object.values(replyCodes).map(({ code }) => code);
    expect(codes).toEqual([
      311, 312, 313, 320, 402, 403, 404, 405, 406, 501, 502, 503, 504, 505, 506, 530, 540, 541,
    ]);
  });

  it('have a text as RabbitMQ writes it', () => {
    expect(replyText('not-found', "no queue 'q' in vhost '/'")).toBe("NOT_FOUND - no queue 'q' in vhost '/'");
  });

  it.each(['x', 'é', '€', '😀', '\ud800'])('have a text of at most 255 bytes: %s', (character) => {
    for (let extra = 0; extra < 5; extra++) {
      const text = replyText('not-found', 'y'.repeat(extra) + character.repeat(300));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(text)).toBeGreaterThan(250);
      expect(text).toMatch(/\.\.\.$/);
      expect(text).not.toContain('\uFFFD'.repeat(character === '\ud800' ? 300 : 1));
      encodeMethod(0, { name: 'connection.blocked', reason: text });
    }
  });

  it('are about the first method that was named', () => {
    const error = new Amqp091Error('not-found', 'no queue', { classId: 50, methodId: 20 });
    error.about({ classId: 60, methodId: 40 }, 7);
    expect(closeOf(error)).toEqual({
      channel: 7,
      method: {
        name: 'channel.close',
        replyCode: 404,
        replyText: 'NOT_FOUND - no queue',
        classId: 50,
        methodId: 20,
      },
    });
    error.channel = 0;
    expect(closeOf(error)).toMatchObject({
      channel: 0,
      method: { name: 'connection.close', replyCode: 404 },
    });
  });
});
