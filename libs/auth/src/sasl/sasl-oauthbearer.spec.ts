import { describe, expect, it } from '@jest/globals';
import { parseBearerMessage } from './sasl-oauthbearer.js';

const message = (text: string) => parseBearerMessage(Buffer.from(text.replaceAll('^', '\u0001')));

describe('parseBearerMessage', () => {
  it.each([
    ['as Java and librdkafka send it', 'n,,^auth=Bearer a.b-c_d^^', { token: 'a.b-c_d' }],
    ['the scheme in any case, more spaces', 'n,,^auth=bearer   abc==^^', { token: 'abc==' }],
    ['without channel binding, said otherwise', 'y,,^auth=Bearer abc^^', { token: 'abc' }],
    [
      'with extensions, host and port (RFC 7628 4.1)',
      'n,a=user@example.com,^host=server.example.com^port=143^auth=Bearer vF9d~ft+/4q==^traceId=1 2^^',
      { token: 'vF9d~ft+/4q==', authorizationId: 'user@example.com' },
    ],
    [
      'an authorization id with quoted characters',
      'n,a=a=2Cb=3Dc,^auth=Bearer x^^',
      { token: 'x', authorizationId: 'a,b=c' },
    ],
    ['a comma quoted once only', 'n,a==3D2C,^auth=Bearer x^^', { token: 'x', authorizationId: '=2C' }],
    [
      'an authorization id in UTF-8',
      'n,a=jürgen,^auth=Bearer x^^',
      { token: 'x', authorizationId: 'jürgen' },
    ],
    ['an empty value of another key', 'n,,^x=^auth=Bearer x^^', { token: 'x' }],
  ])('takes a message %s', (_what, text, credentials) => {
    expect(message(text)).toEqual(credentials);
  });

  it.each([
    ['nothing', ''],
    ['only separators', '^^'],
    ['no GS2 header', '^auth=Bearer x^^'],
    ['channel binding', 'p=tls-unique,,^auth=Bearer x^^'],
    ['a non-standard flag', 'F,n,,^auth=Bearer x^^'],
    ['an empty authorization id', 'n,a=,^auth=Bearer x^^'],
    ['an authorization id that is not quoted', 'n,a=a=b,^auth=Bearer x^^'],
    ['a second authorization id', 'n,a=ann,a=bob,^auth=Bearer x^^'],
    ['a NUL in the authorization id', 'n,a=ann\0bob,^auth=Bearer x^^'],
    ['one separator at the end', 'n,,^auth=Bearer x^'],
    ['something after the end', 'n,,^auth=Bearer x^^y'],
    ['three separators at the end', 'n,,^auth=Bearer x^^^'],
    ['no token', 'n,,^auth=Bearer ^^'],
    ['another scheme', 'n,,^auth=Basic YTpi^^'],
    ['two tokens', 'n,,^auth=Bearer x^auth=Bearer y^^'],
    ['a token with a space', 'n,,^auth=Bearer x y^^'],
    ['a token with a line end', 'n,,^auth=Bearer x\r\nhost: y^^'],
    ['a key in another case', 'n,,^Auth=Bearer x^^'],
    ['a pair without value', 'n,,^auth^^'],
    ['a control character in a value', 'n,,^auth=Bearer x^k=\u0002^^'],
    ['other bytes than ASCII in a value', 'n,,^auth=Bearer x^k=ü^^'],
    ['a PLAIN token', '\0ann\0secret'],
    ['a SCRAM message', 'n,,n=ann,r=abc'],
    ['too many pairs', `n,,^auth=Bearer x${'^a=b'.repeat(200)}^^`],
  ])('refuses %s, without repeating it', (_what, text) => {
    const fault = message(text);
    expect(typeof fault).toBe('string');
    expect(fault).not.toContain('Bearer x');
  });

  it('has its limit at 32 pairs', () => {
    const extensions = (count: number) =>
      Array.from({ length: count }, (_, index) => `^${'k'.repeat(index + 1)}=v`).join('');
    expect(message(`n,,^auth=Bearer x${extensions(31)}^^`)).toEqual({ token: 'x' });
    expect(typeof message(`n,,^auth=Bearer x${extensions(32)}^^`)).toBe('string');
  });
});
