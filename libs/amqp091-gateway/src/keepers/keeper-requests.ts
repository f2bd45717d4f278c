import { Buffer } from 'node:buffer';
import type { ClusterView, ForwardedHandler } from '#libs/cluster';

/** Requests from gateway to gateway about queues, and to itself without the way round. */
export class KeeperRequests {
  readonly #handlers = new Map<string, (asked: unknown, from: number) => unknown>();

  constructor(readonly cluster: ClusterView) {}

  /** One handler per kind. What it throws is `PeerUnavailable` for who asked. */
  serve<Asked, Answer>(
    kind: string,
    handler: (asked: Asked, from: number) => Answer | Promise<Answer>,
  ): void {
    this.#handlers.set(kind, handler as (asked: unknown, from: number) => unknown);
    const forwarded: ForwardedHandler = async (payload, { nodeId }) => {
      const answer = await handler(JSON.parse(payload.toString()) as Asked, nodeId);
      return Buffer.from(JSON.stringify(answer));
    };
    this.cluster.forwarding.serve(kind, forwarded);
  }

  /** Rejects with PeerUnavailable. */
  async ask<Answer>(nodeId: number, kind: string, asked: object, timeoutMs: number): Promise<Answer> {
    if (nodeId === this.cluster.self.nodeId)
      return (await this.#handlers.get(kind)?.(asked, nodeId)) as Answer;
    const payload = Buffer.from(JSON.stringify(asked));
    const answer = await this.cluster.forwarding.request(nodeId, kind, payload, timeoutMs);
    return JSON.parse(answer.toString()) as Answer;
  }
}
