import type { ClusterView, Member } from '#libs/cluster';

/** Which gateways there are, as this one sees it. */
export class ClusterSight {
  #version = -1;
  #view = '';
  #byInstance = new Map<string, Member>();

  constructor(readonly cluster: ClusterView) {}

  /** The same at gateways that see the same members: those say the same of who keeps a queue. */
  get view(): string {
    this.#look();
    return this.#view;
  }

  get instances(): Iterable<string> {
    this.#look();
    return this.#byInstance.keys();
  }

  get own(): string {
    return this.cluster.self.instance;
  }

  member(instance: string): Member | undefined {
    this.#look();
    return this.#byInstance.get(instance);
  }

  isThere(instance: string): boolean {
    return this.member(instance) !== undefined;
  }

  /** By `placeKey`. */
  keeperOf(key: string): Member {
    return this.cluster.nodeOf(key);
  }

  isKeeper(key: string): boolean {
    return this.keeperOf(key).instance === this.own;
  }

  #look(): void {
    const { version } = this.cluster;
    if (version === this.#version) return;
    this.#version = version;
    const members = this.cluster.members();
    this.#byInstance = new Map(members.map((member) => [member.instance, member]));
    this.#view = members
      .map(({ nodeId, instance, state }) => `${nodeId}/${instance}/${state}`)
      .sort()
      .join(' ');
  }
}
