/** A normative statement of a specification, in our words. */
export interface Statement {
  /** As the specification numbers it, without `MQTT-`. */
  readonly id: string;
  readonly says: string;
  /** Why there is no test; left out where there are tests. */
  readonly exception?: string;
}

export type StatementRow = readonly [id: string, says: string, exception?: string];

export function statementsOf(rows: readonly StatementRow[]): readonly Statement[] {
  return rows.map(([id, says, exception]) => ({
    id,
    says,
    ...(exception === undefined ? {} : { exception }),
  }));
}

export const clientsDuty = 'binds clients: a server cannot violate it';
