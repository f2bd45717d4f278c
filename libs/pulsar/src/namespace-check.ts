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
    | 'compaction';
  readonly ok: boolean;
  readonly found: string;
  readonly wanted: string;
  /** What an operator runs, or sets, to mend it. */
  readonly command: string;
}
