/** One thing that a namespace must have before it carries data that must not be lost or renumbered. */
export interface NamespaceCheck {
  readonly check:
    | 'namespace'
    | 'access'
    | 'index'
    | 'offsets'
    | 'deduplication'
    | 'inactive-topics'
    | 'retention'
    | 'compaction'
    | 'grants';
  readonly ok: boolean;
  readonly found: string;
  readonly wanted: string;
  /** What an operator runs, or sets, to mend it. */
  readonly command: string;
}

/** Letters that a shell leaves alone. */
const plainWord = /^[\w@%+=:,./-]+$/;

/** A word of a command, as it is typed in a shell. */
export function shellWord(text: string): string {
  return plainWord.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
