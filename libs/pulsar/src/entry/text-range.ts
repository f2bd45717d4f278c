import { isUtf8 } from 'node:buffer';

/** True when `source[start, end)` has no byte above 0x7f. */
function isAsciiRange(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (source[at]! > 0x7f) return false;
  return true;
}

/** True when `source[start, end)` is well-formed UTF-8, so that as a string it gives back the same bytes. */
export function isUtf8Range(source: Buffer, start: number, end: number): boolean {
  return isAsciiRange(source, start, end) || isUtf8(source.subarray(start, end));
}
