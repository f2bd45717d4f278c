/** Whether a topic name or filter has more levels. */
export function levelsOver(text: string, levelsMax: number): boolean {
  let levels = 1;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) {
    if (++levels > levelsMax) return true;
  }
  return false;
}
