import type { MemberRecord } from './member-record.js';

/** Another gateway that lives has the node id that this one was told to have. */
export class NodeIdTaken extends Error {
  override readonly name = 'NodeIdTaken';

  constructor({ nodeId, machine, listeners }: MemberRecord) {
    const addresses = listeners.map(({ host, port }) => `${host}:${port}`).join(', ');
    super(
      `node id ${nodeId} is in use by another gateway (on ${machine}${addresses && `, ${addresses}`}): ` +
        'give each gateway a kafka.nodeId of its own, or none',
    );
  }
}
