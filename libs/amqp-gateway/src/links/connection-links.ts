import type { SessionConnection } from '../connection/session-connection.js';

/** What the links of one connection have in common, whatever session they are on: names, bytes in flight, rate. */
export class ConnectionLinks {
  constructor(readonly connection: SessionConnection) {}

  /** The connection is gone. */
  close(): void {}
}
