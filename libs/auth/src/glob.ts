/**
 * Whether `text` is what `pattern` says: `*` stands for any characters (none included), `?` for one, all else for itself.
 * Takes at most pattern times text steps, whatever is in them: no regular expression is built from either.
 */
export function globMatches(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let starTook = 0;
  while (inText < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern++;
      starTook = inText;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[inText])) {
      inPattern++;
      inText++;
    } else if (star !== -1) {
      // The last star takes one character more; earlier ones never need to.
      inPattern = star + 1;
      inText = ++starTook;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}

/** Whether a name is what is wanted: the name itself, the beginning of names, or a pattern. */
export function nameMatches(match: 'literal' | 'prefix' | 'pattern', wanted: string, name: string): boolean {
  if (match === 'literal') return name === wanted;
  return match === 'prefix' ? name.startsWith(wanted) : globMatches(wanted, name);
}
