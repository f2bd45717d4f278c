import { encodeFieldTable, type FieldTable, type RawFieldTable, textField } from '#libs/amqp091-codec';
import type { ServerCapability } from '../channels/channel-part.js';

/** What the connection itself does, whatever its channels serve. */
const ownCapabilities: readonly ServerCapability[] = ['connection.blocked', 'authentication_failure_close'];

/** The server-properties of connection.start: only what works. */
export function serverProperties(
  version: string | undefined,
  served: readonly ServerCapability[],
): RawFieldTable {
  const capabilities: FieldTable = [...served, ...ownCapabilities].map((name) => [
    name,
    { tag: 't', value: true },
  ]);
  return encodeFieldTable([
    ['capabilities', { tag: 'F', value: capabilities }],
    ['product', textField('Pulsegate')],
    ...(version === undefined ? [] : [['version', textField(version)] as const]),
    ['platform', textField('Apache Pulsar')],
  ]);
}
