/** The bytes are not DER (X.690) as a certificate has it. */
export class DerFault extends Error {
  override readonly name = 'DerFault';
}

/** One element: its identifier octet and what it holds, without a copy. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

/** Identifier octets, X.690 8.1.2. */
export const DerTag = {
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  VISIBLE_STRING: 0x1a,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

const multiByteTag = 0x1f;
const lengthBytesMax = 3;

/**
 * The elements that lie one after the other in `bytes`.
 *
 * @throws DerFault when a length is indefinite, not minimal or past the end, or there are more than `elementsMax`
 */
export function derElements(bytes: Buffer, elementsMax: number): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (elements.length >= elementsMax) throw new DerFault(`more than ${elementsMax} elements`);
    const tag = bytes[at]!;
    if ((tag & multiByteTag) === multiByteTag || at + 1 >= bytes.length)
      throw new DerFault('a tag is cut off');
    let length = bytes[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const width = length - 0x80;
      if (width === 0 || width > lengthBytesMax || at + width > bytes.length) {
        throw new DerFault('a length is not one of DER');
      }
      length = bytes.readUIntBE(at, width);
      if (length < 0x80 || length < 2 ** (8 * (width - 1))) throw new DerFault('a length is not minimal');
      at += width;
    }
    if (at + length > bytes.length) throw new DerFault('an element is cut off');
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** The elements of a constructed one. @throws DerFault when it has another tag */
export function derChildren(element: DerElement | undefined, tag: number, elementsMax: number): DerElement[] {
  if (element?.tag !== tag) throw new DerFault('an element has another type than expected');
  return derElements(element.content, elementsMax);
}
