import { createPrivateKey, createPublicKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Certificates } from './certificates.js';

/** One element of DER. */
export function der(tag: number, ...content: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)));
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const minimal = length.subarray(length.findIndex((each) => each !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 + minimal.length]), minimal, body]);
}

export const oid = { CN: '550403', O: '55040a', OU: '55040b', C: '550406' } as const;

/** One attribute of a name, by default in a UTF8String. */
export function attribute(type: keyof typeof oid, value: Buffer | string, tag = 0x0c): Buffer {
  return der(0x30, der(0x06, Buffer.from(oid[type], 'hex')), der(tag, value));
}

export interface Forged {
  /** RelativeDistinguishedNames: attributes that stand together are one. */
  readonly subject: readonly (readonly Buffer[])[];
  /** GeneralNames: `[0x82, 'a.example']` is a DNS name. */
  readonly alternativeNames?: readonly (readonly [tag: number, value: Buffer | string])[];
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Bytes of an extension that nobody knows. */
  readonly ballastBytes?: number;
  /** As `extendedKeyUsage` has it; absent: for any purpose. */
  readonly purpose?: 'serverAuth' | 'clientAuth';
}

const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const purposes = { serverAuth: '2b06010505070301', clientAuth: '2b06010505070302' };

/** A certificate with what openssl's command would not put in: `<name>.crt` and `<name>.key`, signed by `issuer`. */
export function forgeCertificate(
  certificates: Certificates,
  name: string,
  issuer: string,
  what: Forged,
): Buffer {
  const { keyFile } = certificates.make(name);
  const authority = new X509Certificate(readFileSync(certificates.file(`${issuer}.crt`)));
  const hour = 3_600_000;
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    subjectOf(authority),
    der(0x30, time(what.fromMs ?? Date.now() - hour), time(what.toMs ?? Date.now() + hour)),
    der(0x30, ...what.subject.map((set) => der(0x31, ...set))),
    createPublicKey(readFileSync(keyFile)).export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensionsOf(what))),
  );
  const signature = sign('sha256', body, createPrivateKey(readFileSync(certificates.file(`${issuer}.key`))));
  const certificate = der(0x30, body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const base64 = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  writeFileSync(certificates.file(`${name}.crt`), pem);
  return certificate;
}

function extensionsOf({ alternativeNames, ballastBytes, purpose }: Forged): Buffer[] {
  const extensions: Buffer[] = [];
  const add = (id: string, value: Buffer) =>
    extensions.push(der(0x30, der(0x06, Buffer.from(id, 'hex')), der(0x04, value)));
  if (alternativeNames) add('551d11', der(0x30, ...alternativeNames.map(([tag, value]) => der(tag, value))));
  if (purpose) add('551d25', der(0x30, der(0x06, Buffer.from(purposes[purpose], 'hex'))));
  if (ballastBytes) add('2a0304', der(0x04, Buffer.alloc(ballastBytes, 'x')));
  // Extensions must not be an empty list.
  add('2a0305', der(0x05));
  return extensions;
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return der(0x17, `${digits}Z`);
}

/** The issuer's name as it stands in its own certificate: past the version, serial, signature, issuer and validity. */
function subjectOf({ raw }: X509Certificate): Buffer {
  const children = (element: Buffer): Buffer[] => {
    const parts: Buffer[] = [];
    for (let at = headerBytes(element, 0); at < element.length; ) {
      const end = at + headerBytes(element, at) + contentBytes(element, at);
      parts.push(element.subarray(at, end));
      at = end;
    }
    return parts;
  };
  return children(children(raw)[0]!)[5]!;
}

function headerBytes(bytes: Buffer, at: number): number {
  const first = bytes[at + 1]!;
  return first < 0x80 ? 2 : 2 + first - 0x80;
}

function contentBytes(bytes: Buffer, at: number): number {
  const first = bytes[at + 1]!;
  return first < 0x80 ? first : bytes.readUIntBE(at + 2, first - 0x80);
}
