import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../testing/certificates.js';
import { attribute, der, type Forged, forgeCertificate } from '../testing/forged-certificate.js';
import { attributeCharsMax, attributesMax, certificateAttributes } from './certificate-attributes.js';
import { DerFault } from './der-reader.js';

const title = hasOpenssl ? 'certificateAttributes' : 'certificateAttributes (skipped: there is no openssl)';

(hasOpenssl ? describe : describe.skip)(title, () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = new Certificates();
    certificates.make('authority');
  });
  afterAll(() => certificates.remove());

  const forged = (what: Forged) => forgeCertificate(certificates, 'device', 'authority', what);
  const named = (value: Buffer | string, tag?: number) => [[attribute('CN', value, tag)]];

  it('gives what openssl put in', () => {
    const { certFile } = certificates.make('plain', 'authority', { dnsNames: ['a.example', '*.b.example'] });
    expect(certificateAttributes(new X509Certificate(readFileSync(certFile)).raw)).toEqual([
      { kind: 'subject.CN', value: 'plain' },
      { kind: 'san.dns', value: 'a.example' },
      { kind: 'san.dns', value: '*.b.example' },
    ]);
  });

  it('gives each name by its kind and in its order, and leaves out what no rule asks for', () => {
    const certificate = forged({
      subject: [
        [attribute('C', 'DE', 0x13)],
        [attribute('O', 'Acme, Inc.'), attribute('OU', 'Devices')],
        [attribute('OU', '')],
        [attribute('CN', 'Ünïcode/CN=root', 0x0c)],
        [attribute('CN', Buffer.from('003700e4', 'hex'), 0x1e)],
      ],
      alternativeNames: [
        [0x86, 'spiffe://acme/device/7'],
        [0x81, 'ops@acme.example'],
        [0x82, 'device.acme.example'],
        [0x87, Buffer.from([10, 0, 0, 1])],
      ],
    });
    expect(certificateAttributes(certificate)).toEqual([
      { kind: 'subject.O', value: 'Acme, Inc.' },
      { kind: 'subject.OU', value: 'Devices' },
      { kind: 'subject.CN', value: 'Ünïcode/CN=root' },
      { kind: 'subject.CN', value: '7ä' },
      { kind: 'san.uri', value: 'spiffe://acme/device/7' },
      { kind: 'san.email', value: 'ops@acme.example' },
      { kind: 'san.dns', value: 'device.acme.example' },
    ]);
  });

  it.each([
    ['a comma and another name', 'alice,CN=root'],
    ['a plus', 'alice+OU=admins'],
    ['a slash', 'alice/CN=root'],
    ['an escape', 'alice\\2CCN=root'],
    ['quotes', '"alice", URI:spiffe://root'],
  ])('takes %s in a value for what it is', (_, value) => {
    const attributes = certificateAttributes(
      forged({ subject: named(value), alternativeNames: [[0x82, value]] }),
    );
    expect(attributes).toEqual([
      { kind: 'subject.CN', value },
      { kind: 'san.dns', value },
    ]);
  });

  it.each<[string, Forged]>([
    ['NUL', { subject: named('root\0.attacker.example') }],
    ['a line end', { subject: named('alice\nCN=root') }],
    ['another line end', { subject: named('alice\u2028CN=root') }],
    ['a carriage return', { subject: named('alice\rroot') }],
    ['a direction mark', { subject: named('alice\u202etoor') }],
    ['an invisible character', { subject: named('ali\u200bce') }],
    ['bytes that are not UTF-8', { subject: named(Buffer.from([0x61, 0xff])) }],
    ['an overlong NUL', { subject: named(Buffer.from([0x61, 0xc0, 0x80])) }],
    ['half a character of UTF-16', { subject: named(Buffer.from([0xd8, 0x00]), 0x1e) }],
    ['an odd length of UTF-16', { subject: named(Buffer.from([0x00, 0x61, 0x00]), 0x1e) }],
    ['T.61 beyond ASCII', { subject: named(Buffer.from([0x61, 0xe4]), 0x14) }],
    ['an unknown string type', { subject: named(Buffer.from([0, 0, 0, 0x61]), 0x1c) }],
    ['a number for a name', { subject: named(Buffer.from([7]), 0x02) }],
    ['NUL in an alternative name', { subject: named('a'), alternativeNames: [[0x82, 'root\0.x']] }],
    ['a line end in an alternative name', { subject: named('a'), alternativeNames: [[0x86, 'a\nDNS:root']] }],
    [
      'bytes beyond ASCII in an alternative name',
      { subject: named('a'), alternativeNames: [[0x82, 'ä.example']] },
    ],
    ['a value that is too long', { subject: named('x'.repeat(attributeCharsMax + 1)) }],
    [
      'too many names',
      {
        subject: named('a'),
        alternativeNames: Array.from({ length: attributesMax }, (_, at) => [0x82, `h${at}`] as const),
      },
    ],
    [
      'far too many names',
      {
        subject: named('a'),
        alternativeNames: Array.from(
          { length: 5_000 },
          (_, at) => [0x87, Buffer.from([1, 2, 3, at & 255])] as const,
        ),
      },
    ],
  ])('refuses a certificate with %s', (_, what) => {
    expect(() => certificateAttributes(forged(what))).toThrow(DerFault);
  });

  it('takes as many and as long ones as it says', () => {
    const alternativeNames = Array.from(
      { length: attributesMax - 1 },
      () => [0x82, 'x'.repeat(attributeCharsMax)] as const,
    );
    expect(certificateAttributes(forged({ subject: named('a'), alternativeNames }))).toHaveLength(
      attributesMax,
    );
  });

  it('has nothing but its own error for bytes that were changed', () => {
    const certificate = forged({ subject: named('alice'), alternativeNames: [[0x82, 'a.example']] });
    for (let at = 0; at < certificate.length; at++) {
      for (const value of [0x00, 0x30, 0x7f, 0x80, 0x84, 0xff, certificate[at]! ^ 1]) {
        const changed = Buffer.from(certificate);
        changed[at] = value;
        expect(outcomeOf(changed)).toMatch(/^(names|DerFault)$/);
      }
      expect(outcomeOf(certificate.subarray(0, at))).toBe('DerFault');
    }
  });

  it('reads lengths in their one form only', () => {
    const inner = der(0x30, der(0x30));
    expect(() =>
      certificateAttributes(Buffer.concat([Buffer.from([0x30, 0x81, inner.length]), inner])),
    ).toThrow('minimal');
    expect(() => certificateAttributes(Buffer.from([0x30, 0x80, 0, 0]))).toThrow('not one of DER');
    expect(() => certificateAttributes(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))).toThrow(
      'not one of DER',
    );
  });

  function outcomeOf(certificate: Buffer): string {
    try {
      certificateAttributes(certificate);
      return 'names';
    } catch (error) {
      return (error as Error).name;
    }
  }
});
