/** Longest text from a client that a log line repeats. */
export const printableCharsMax = 256;

// C0, DEL, C1, the line and paragraph separators and the bidirectional overrides: what could start a line, move a
// terminal's cursor or turn text round.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** `text` with control characters as `\xNN` and at most `charsMax` characters. */
export function printable(text: string, charsMax: number = printableCharsMax): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}...` : text;
  return cut.replace(unprintable, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}
