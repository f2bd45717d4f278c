import { describe, expect, it } from '@jest/globals';
import { parsePlainToken } from './sasl-plain.js';

const token = (...parts: string[]) => Buffer.from(parts.join('\0'));

describe('parsePlainToken', () => {
  it('gives user name and password', () => {
    expect(parsePlainToken(token('', 'ann', 'secret'))).toEqual({ username: 'ann', password: 'secret' });
    expect(parsePlainToken(token('ann', 'ann', 'pä55'))).toEqual({ username: 'ann', password: 'pä55' });
    // A token as password says the user itself.
    expect(parsePlainToken(token('', '', 'a.b.c'))).toEqual({ username: '', password: 'a.b.c' });
  });

  it.each([
    ['another authorization id', token('bob', 'ann', 'secret')],
    ['no password', token('', 'ann', '')],
    ['two parts', token('ann', 'secret')],
    ['four parts', token('', 'ann', 'secret', '')],
    ['nothing', Buffer.alloc(0)],
    ['no UTF-8', Buffer.from([0, 0xff, 0, 0x61])],
  ])('refuses %s', (_what, each) => {
    expect(typeof parsePlainToken(each)).toBe('string');
  });
});
