import {
  decodeFieldTable,
  fieldOf,
  fieldText,
  type FieldTable,
  type RawFieldTable,
} from '#libs/amqp091-codec';

/** What a client says that it understands (RabbitMQ's `capabilities` of its client-properties). */
export interface ClientCapabilities {
  readonly consumerCancelNotify: boolean;
  readonly connectionBlocked: boolean;
  readonly authenticationFailureClose: boolean;
}

/** What a client says of itself in connection.start-ok. */
export interface ClientProperties {
  /** What its user calls the connection (`connection_name`). */
  readonly connectionName: string | undefined;
  readonly product: string | undefined;
  readonly version: string | undefined;
  readonly capabilities: ClientCapabilities;
}

/** Longer ones are cut: they are for people. */
const textCharsMax = 256;

/** @throws Amqp091Error where it is no table */
export function clientPropertiesOf(raw: RawFieldTable): ClientProperties {
  const table = decodeFieldTable(raw);
  const field = fieldOf(table, 'capabilities');
  const capabilities: FieldTable = field?.tag === 'F' ? field.value : [];
  const has = (name: string) => {
    const value = fieldOf(capabilities, name);
    return value?.tag === 't' && value.value;
  };
  const text = (name: string) => fieldText(fieldOf(table, name))?.slice(0, textCharsMax);
  return {
    connectionName: text('connection_name'),
    product: text('product'),
    version: text('version'),
    capabilities: {
      consumerCancelNotify: has('consumer_cancel_notify'),
      connectionBlocked: has('connection.blocked'),
      authenticationFailureClose: has('authentication_failure_close'),
    },
  };
}
