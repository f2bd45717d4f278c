import { describe, expect, it } from '@jest/globals';
import { type CertificateRule, certificateIdentity, certificateRuleFault } from './certificate-rule.js';
import type { CertificateAttribute } from './principal.js';

const cn = (value: string): CertificateAttribute => ({ kind: 'subject.CN', value });
const dns = (value: string): CertificateAttribute => ({ kind: 'san.dns', value });
const byName: CertificateRule = { from: 'subject.CN', match: '*', user: '$0' };
const bySan: CertificateRule = {
  from: 'san.dns',
  match: '*.devices.example',
  user: 'device-$1',
  tenant: 'acme',
  groups: ['devices'],
};

describe('certificateIdentity', () => {
  it('makes users of whole names, of what the star stood for, and of fixed text', () => {
    expect(certificateIdentity([byName], [cn('alice')])).toEqual({
      user: 'alice',
      tenant: undefined,
      groups: [],
    });
    expect(certificateIdentity([bySan], [dns('a7.devices.example')])).toEqual({
      user: 'device-a7',
      tenant: 'acme',
      groups: ['devices'],
    });
    const fixed: CertificateRule = { from: 'subject.OU', match: 'billing', user: 'billing' };
    expect(certificateIdentity([fixed], [{ kind: 'subject.OU', value: 'billing' }])).toMatchObject({
      user: 'billing',
    });
  });

  it('lets the first rule that matches decide', () => {
    const first = { ...byName, match: 'al*', user: 'first' };
    expect(certificateIdentity([first, byName], [cn('alice')])).toMatchObject({ user: 'first' });
    expect(certificateIdentity([first, byName], [cn('bob')])).toMatchObject({ user: 'bob' });
  });

  it.each([
    ['no certificate', undefined],
    ['no names', []],
    ['a name of another kind', [dns('alice')]],
    ['another case', [cn('ALICE')]],
    ['a name around it', [cn('alice2'), cn(' alice')]],
  ])('is undefined for %s', (_, attributes) => {
    expect(certificateIdentity([{ ...byName, match: 'alice' }], attributes)).toBeUndefined();
  });

  it('compares host names without case, and its star stands for one character or more', () => {
    expect(certificateIdentity([bySan], [dns('A7.Devices.EXAMPLE')])).toMatchObject({ user: 'device-a7' });
    expect(certificateIdentity([bySan], [dns('.devices.example')])).toBeUndefined();
    expect(certificateIdentity([bySan], [dns('devices.example')])).toBeUndefined();
  });

  it('refuses names that would be several users, whichever comes first', () => {
    for (const attributes of [
      [cn('alice'), cn('root')],
      [cn('root'), cn('alice')],
    ]) {
      expect(certificateIdentity([byName], attributes)).toBe('ambiguous');
    }
    expect(certificateIdentity([byName], [cn('alice'), cn('alice')])).toMatchObject({ user: 'alice' });
    // A later rule does not save what an earlier one found to be ambiguous.
    expect(certificateIdentity([byName, bySan], [cn('a'), cn('b'), dns('x.devices.example')])).toBe(
      'ambiguous',
    );
  });

  it.each(['anonymous', 'a/b', 'acme/alice', 'a b', 'a\nb', 'a\0b', 'x'.repeat(129)])(
    'refuses a certificate that makes the user %.20j',
    (value) => {
      expect(certificateIdentity([byName], [cn(value)])).toBe('ambiguous');
    },
  );

  it('takes no dollar of a name for a placeholder, and no star for one of the rule', () => {
    const rule = { ...byName, match: 'x-*', user: '$1' };
    expect(certificateIdentity([rule], [cn('x-$0')])).toMatchObject({ user: '$0' });
    expect(certificateIdentity([rule], [cn("x-$&$'$`")])).toMatchObject({ user: "$&$'$`" });
    expect(certificateIdentity([{ ...byName, match: 'a*c' }], [cn('a*')])).toBeUndefined();
  });

  it('does not look at names that are longer than any', () => {
    const fixed = { ...byName, match: 'a*', user: 'fixed' };
    expect(certificateIdentity([fixed], [cn('a'.repeat(1_025))])).toBeUndefined();
  });
});

describe('certificateRuleFault', () => {
  it.each([byName, bySan, { ...byName, match: 'a*b', user: '$1.$0' }])('allows %j', (rule) => {
    expect(certificateRuleFault(rule)).toBeUndefined();
  });

  it.each([
    { match: '', user: 'a' },
    { match: '*a*', user: '$1' },
    { match: 'alice', user: '$1' },
    { match: '*', user: '$2' },
    { match: '*', user: '$' },
    { match: '*', user: '' },
    { match: '*', user: 'acme/$0' },
    { match: '*', user: 'anonymous' },
  ])('refuses %j', (rule) => {
    expect(certificateRuleFault({ from: 'subject.CN', ...rule })).toEqual(expect.any(String));
  });
});
