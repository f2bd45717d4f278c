import { type DerElement, DerFault, DerTag, derChildren, derElements } from './der-reader.js';
import type { CertificateAttribute, CertificateAttributeKind } from '../protocol.js';

/** Attributes that are given of one certificate; one with more is refused. */
export const attributesMax = 64;
/** UTF-16 units of one value. */
export const attributeCharsMax = 512;
const elementsMax = 1_024;

/** Object identifiers as DER has them, in hexadecimal: X.520 and RFC 5280 4.2.1.6. */
const subjectKinds = new Map<string, CertificateAttributeKind>([
  ['550403', 'subject.CN'],
  ['55040a', 'subject.O'],
  ['55040b', 'subject.OU'],
]);
const subjectAltNameOid = '551d11';
/** Context-specific tags of GeneralName. */
const generalNameKinds = new Map<number, CertificateAttributeKind>([
  [0x81, 'san.email'],
  [0x82, 'san.dns'],
  [0x86, 'san.uri'],
]);
const versionTag = 0xa0;
const extensionsTag = 0xa3;

/** Control, format and unassigned characters, lone surrogates, line separators: nothing that a name needs. */
const hostile = /[\p{C}\p{Zl}\p{Zp}]/u;
const ascii = /^[\x20-\x7e]*$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const strictUtf16 = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true });

/**
 * Names in a certificate, each by itself and in the certificate's order, read from its DER: nothing is split or
 * unescaped, so no value can pose as two or as another kind. Empty values are left out.
 *
 * @param certificate DER of an X.509 certificate that OpenSSL has verified
 * @throws DerFault when a value holds characters that no name needs (NUL, line ends, other invisible ones), is in no known
 * string type or too long, or there are too many: who cannot be told for sure must not be matched by what is left
 */
export function certificateAttributes(certificate: Buffer): CertificateAttribute[] {
  const [outer] = derElements(certificate, 1);
  const [signed] = derChildren(outer, DerTag.SEQUENCE, elementsMax);
  const fields = derChildren(signed, DerTag.SEQUENCE, elementsMax);
  // RFC 5280 4.1: version (when not 1), serial, signature, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === versionTag ? 5 : 4];
  const attributes = [
    ...subjectAttributes(subject),
    ...alternativeNames(fields.find(({ tag }) => tag === extensionsTag)),
  ].filter(({ value }) => value !== '');
  if (attributes.length > attributesMax) throw new DerFault(`more than ${attributesMax} names`);
  return attributes;
}

function subjectAttributes(subject: DerElement | undefined): CertificateAttribute[] {
  const relative = derChildren(subject, DerTag.SEQUENCE, elementsMax);
  return relative.flatMap((set) =>
    derChildren(set, DerTag.SET, elementsMax).flatMap((pair) => {
      const [type, value] = derChildren(pair, DerTag.SEQUENCE, 2);
      const kind = subjectKinds.get(oidOf(type));
      return kind === undefined ? [] : [{ kind, value: textOf(value) }];
    }),
  );
}

function alternativeNames(extensions: DerElement | undefined): CertificateAttribute[] {
  if (extensions === undefined) return [];
  const [list] = derElements(extensions.content, 1);
  const found = derChildren(list, DerTag.SEQUENCE, elementsMax)
    .map((extension) => derChildren(extension, DerTag.SEQUENCE, 3))
    .filter(([type]) => oidOf(type) === subjectAltNameOid);
  // RFC 5280 4.2: no more than one of each kind.
  if (found.length > 1) throw new DerFault('two lists of alternative names');
  const value = found[0]?.at(-1);
  if (value === undefined) return [];
  if (value.tag !== DerTag.OCTET_STRING) throw new DerFault('an extension is not an octet string');
  const [names] = derElements(value.content, 1);
  return derChildren(names, DerTag.SEQUENCE, elementsMax).flatMap(({ tag, content }) => {
    const kind = generalNameKinds.get(tag);
    return kind === undefined ? [] : [{ kind, value: textOf({ tag: DerTag.IA5_STRING, content }) }];
  });
}

function oidOf(element: DerElement | undefined): string {
  if (element?.tag !== DerTag.OBJECT_IDENTIFIER) throw new DerFault('an object identifier is missing');
  return element.content.toString('hex');
}

function textOf(element: DerElement | undefined): string {
  const text = element && decoded(element);
  if (text === undefined) throw new DerFault('a name is in no known string type');
  if (text.length > attributeCharsMax)
    throw new DerFault(`a name has more than ${attributeCharsMax} characters`);
  if (hostile.test(text)) throw new DerFault('a name has characters that cannot be seen');
  return text;
}

function decoded({ tag, content }: DerElement): string | undefined {
  try {
    switch (tag) {
      case DerTag.UTF8_STRING:
        return strictUtf8.decode(content);
      case DerTag.BMP_STRING:
        return strictUtf16.decode(content);
      case DerTag.NUMERIC_STRING:
      case DerTag.PRINTABLE_STRING:
      case DerTag.T61_STRING:
      case DerTag.IA5_STRING:
      case DerTag.VISIBLE_STRING: {
        // What T.61 means by its other bytes, no two programs agree on.
        const text = content.toString('latin1');
        return ascii.test(text) ? text : undefined;
      }
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
