/** What a client, or an operator, wanted to do to what. */
export interface AuditAct {
  /** `produce`, `topic.create`, `config.reload`, ...; of a login how the client proves who it is. */
  readonly action: string;
  readonly resource?: { readonly type: string; readonly name: string };
  readonly clientId?: string;
  /** Why, in few words; an error's code. */
  readonly reason?: string;
}

export interface AuditRecord extends AuditAct {
  /** - `login`: who came, or was sent away
   *  - `access`: a permission that was asked for
   *  - `change`: what was changed for all: topics, queues, permissions, users, the configuration
   *  - `audit`: about this trail itself */
  readonly kind: 'login' | 'access' | 'change' | 'audit';
  /** `failed`: it was allowed and could not be done. */
  readonly outcome: 'allowed' | 'denied' | 'failed';
  readonly tenant?: string;
  /** As the client says it where it could not prove it. */
  readonly user?: string;
  readonly protocol?: string;
  readonly listener?: string;
  readonly remoteAddress?: string;
  /** The permission that decided; absent where none did. */
  readonly rule?: string;
}

export interface AuditEntry extends AuditRecord {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** So many more of the same came within the second that this one is about. */
  readonly repeated?: number;
}

/** What is worth to be found again later. Never blocks and never throws. */
export interface Audit {
  /** @param ruleOf asked only where the record is not the repetition of one */
  record(record: AuditRecord, ruleOf?: () => string | undefined): void;
}

/** Where entries go. Must not block, and what it throws is nobody's. */
export interface AuditSink {
  write(entry: AuditEntry): void;
}
