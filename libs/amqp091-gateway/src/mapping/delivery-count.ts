import { withHeaders } from './published-properties.js';
import type { StoredMessage } from './stored-message.mapping.js';

const header = 'x-delivery-count';

/** What a consumer of a quorum queue is told from the second delivery on: how many deliveries came before. */
export function withDeliveryCount(stored: StoredMessage, before: number): StoredMessage {
  const others = stored.headers.filter(([name]) => name !== header);
  const { raw, basic, headers } = withHeaders(stored.basic, [
    ...others,
    [header, { tag: 'l', value: BigInt(before) }],
  ]);
  return { ...stored, properties: raw, basic, headers };
}
