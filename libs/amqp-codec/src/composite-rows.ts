import {
  type AmqpCompositeName,
  type AmqpFieldRule,
  compositeTable,
  deliveryStates,
  outcomes,
  performatives,
  saslPerformatives,
} from './composite-table.js';

/** Which composites may stand in a place. */
export type CompositePlace = ReadonlySet<AmqpCompositeName>;

export const compositePlaces = {
  performative: new Set<AmqpCompositeName>(performatives),
  sasl: new Set<AmqpCompositeName>(saslPerformatives),
  error: new Set<AmqpCompositeName>(['error']),
  source: new Set<AmqpCompositeName>(['source']),
  target: new Set<AmqpCompositeName>(['target', 'coordinator']),
  outcome: new Set<AmqpCompositeName>(outcomes),
  'delivery-state': new Set<AmqpCompositeName>(deliveryStates),
  header: new Set<AmqpCompositeName>(['header']),
  properties: new Set<AmqpCompositeName>(['properties']),
} as const satisfies Record<string, CompositePlace>;

/** A row of the table, its fields as a list. */
export interface CompositeRow {
  readonly name: AmqpCompositeName;
  readonly code: number;
  readonly fields: readonly (AmqpFieldRule & { readonly name: string })[];
}

export const compositeRows: Readonly<Record<AmqpCompositeName, CompositeRow>> = Object.fromEntries(
  Object.entries(compositeTable).map(([name, { code, fields }]) => {
    const rules = Object.entries(fields).map(([field, rule]) => ({
      name: field,
      ...(rule as AmqpFieldRule),
    }));
    return [name, { name: name as AmqpCompositeName, code, fields: rules }];
  }),
) as unknown as Record<AmqpCompositeName, CompositeRow>;

export const rowsByCode: ReadonlyMap<number, CompositeRow> = new Map(
  Object.values(compositeRows).map((row) => [row.code, row]),
);

export const rowsBySymbol: ReadonlyMap<string, CompositeRow> = new Map(
  Object.entries(compositeTable).map(([name, { symbol }]) => [
    symbol,
    compositeRows[name as AmqpCompositeName],
  ]),
);
