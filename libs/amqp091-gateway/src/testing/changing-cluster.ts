import { setImmediate as turn } from 'node:timers/promises';
import {
  aloneCluster,
  type ClusterView,
  type ForwardedHandler,
  PeerUnavailable,
  rendezvous,
} from '#libs/cluster';
import type { Member } from '#libs/cluster';

/** Of one gateway. */
export type TestClusterView = ClusterView & {
  /** It does not answer, and nobody has noticed. */
  isAway: boolean;
};

interface Joined {
  readonly view: TestClusterView;
  readonly handlers: Map<string, ForwardedHandler>;
  readonly listeners: Set<() => void>;
}

/** Gateways that come and go; all that are there see the same, at once. */
export class ChangingCluster {
  readonly #joined = new Map<number, Joined>();
  #members: readonly Member[] = [];
  #version = 0;
  #nextId = 0;
  /** `from>to kind` of all requests. */
  readonly requests: string[] = [];

  join(): TestClusterView {
    const nodeId = this.#nextId++;
    const { self, ...alone } = aloneCluster({ nodeId, instance: `g${nodeId}` });
    const handlers = new Map<string, ForwardedHandler>();
    const listeners = new Set<() => void>();
    const cluster = this;
    const view: TestClusterView = {
      ...{ ...alone, self, isAway: false },
      get version() {
        return cluster.#version;
      },
      members: () => this.#members,
      nodeOf: (key) => rendezvous(key, this.#members),
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      forwarding: {
        request: (to, kind, payload) => this.#request(nodeId, to, kind, payload),
        serve: (kind, handler) => void handlers.set(kind, handler),
      },
    };
    this.#joined.set(nodeId, { view, handlers, listeners });
    this.#change([...this.#members, self]);
    return view;
  }

  /** It is gone, and all that are left have noticed. */
  remove(view: TestClusterView): void {
    view.isAway = true;
    this.#joined.delete(view.self.nodeId);
    this.#change(this.#members.filter(({ nodeId }) => nodeId !== view.self.nodeId));
  }

  #change(members: readonly Member[]): void {
    this.#members = members;
    this.#version++;
    for (const { listeners } of this.#joined.values()) for (const listener of listeners) listener();
  }

  async #request(from: number, to: number, kind: string, payload: Buffer): Promise<Buffer> {
    this.requests.push(`${from}>${to} ${kind}`);
    await turn();
    if (this.#joined.get(from)?.view.isAway !== false) throw new PeerUnavailable(to, 'who asks is away');
    const { view, handlers } = this.#joined.get(to) ?? {};
    const handler = handlers?.get(kind);
    if (view === undefined || view.isAway || handler === undefined)
      throw new PeerUnavailable(to, 'it is away');
    const answer = await handler(Buffer.from(payload), { nodeId: from, whenGone: () => () => {} });
    await turn();
    if (view.isAway) throw new PeerUnavailable(to, 'it is away');
    return answer;
  }
}
