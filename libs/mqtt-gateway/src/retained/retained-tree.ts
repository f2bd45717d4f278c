/** About what a level costs in memory: the node, its place in the parent's map and its name. */
export const treeNodeBytes = 160;

interface TreeNode<T> {
  readonly name: string;
  readonly parent: TreeNode<T> | undefined;
  /** One alone needs no map, which is larger than all the rest. */
  children: Map<string, TreeNode<T>> | TreeNode<T> | undefined;
  value: T | undefined;
}

/** Values by topic name, found by topic filter: the levels of the names are the levels of the tree. */
export class RetainedTree<T extends object | string> {
  readonly #root: TreeNode<T> = { name: '', parent: undefined, children: undefined, value: undefined };
  #nodes = 0;

  /** Levels that are in memory; topics share those that they begin with. */
  get nodes(): number {
    return this.#nodes;
  }

  get(topic: string): T | undefined {
    return this.#find(topic)?.value;
  }

  set(topic: string, value: T): void {
    let node = this.#root;
    for (const level of topic.split('/')) {
      let child = childOf(node, level);
      if (child === undefined) {
        child = { name: level, parent: node, children: undefined, value: undefined };
        addChild(node, child);
        this.#nodes++;
      }
      node = child;
    }
    node.value = value;
  }

  delete(topic: string): void {
    let node = this.#find(topic);
    if (node === undefined) return;
    node.value = undefined;
    while (node.parent !== undefined && node.value === undefined && node.children === undefined) {
      const parent: TreeNode<T> = node.parent;
      if (!(parent.children instanceof Map)) parent.children = undefined;
      else if (parent.children.delete(node.name) && parent.children.size === 0) parent.children = undefined;
      this.#nodes--;
      node = parent;
    }
  }

  /** Levels that this topic would add. */
  newNodes(topic: string): number {
    const levels = topic.split('/');
    let node: TreeNode<T> | undefined = this.#root;
    for (let at = 0; at < levels.length; at++) {
      node = childOf(node, levels[at]!);
      if (node === undefined) return levels.length - at;
    }
    return 0;
  }

  /**
   * What matches a valid filter [MQTT-4.7.1-1 to -3]; a wildcard as the first level does not match topics that begin with
   * `$` [MQTT-4.7.2-1]. Goes on rightly when the tree changes between two steps: what was added meanwhile may be missed.
   */
  matching(filter: string): TreeWalk<T> {
    return new TreeWalk(this.#root, filter.split('/'));
  }

  #find(topic: string): TreeNode<T> | undefined {
    let node: TreeNode<T> | undefined = this.#root;
    for (const level of topic.split('/')) {
      node = childOf(node, level);
      if (node === undefined) return undefined;
    }
    return node;
  }
}

function childOf<T>({ children }: TreeNode<T>, name: string): TreeNode<T> | undefined {
  if (children instanceof Map) return children.get(name);
  return children?.name === name ? children : undefined;
}

function addChild<T>(node: TreeNode<T>, child: TreeNode<T>): void {
  const { children } = node;
  if (children === undefined) node.children = child;
  else if (children instanceof Map) children.set(child.name, child);
  else {
    node.children = new Map([
      [children.name, children],
      [child.name, child],
    ]);
  }
}

interface WalkStep<T> {
  /** Nodes of one level that are still to be looked at. */
  readonly nodes: Iterator<TreeNode<T>>;
  /** The level of the filter that they match; beyond its end: below `#`. */
  readonly level: number;
}

/** One walk for one filter. Iterative: a topic may have thousands of levels. */
export class TreeWalk<T extends object | string> {
  readonly #steps: WalkStep<T>[] = [];

  constructor(
    root: TreeNode<T>,
    private readonly filter: readonly string[],
  ) {
    this.#descend(root, 0);
  }

  get isDone(): boolean {
    return this.#steps.length === 0;
  }

  /** The next match; undefined after `visitsMax` nodes without one, or at the end. */
  next(visitsMax: number): T | undefined {
    for (let visits = 0; visits < visitsMax; visits++) {
      const step = this.#steps[this.#steps.length - 1];
      if (step === undefined) return undefined;
      const { done, value: node } = step.nodes.next();
      if (done === true) {
        this.#steps.pop();
        continue;
      }
      const match = this.#visit(node, step.level);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  /** A node that matches the filter up to and with `level`. */
  #visit(node: TreeNode<T>, level: number): T | undefined {
    const last = this.filter.length - 1;
    const isBelowHash = this.filter[Math.min(level, last)] === '#';
    if (isBelowHash || level < last) this.#descend(node, level + 1);
    // `a/#` matches `a` too.
    const isMatch = isBelowHash || level === last || (level === last - 1 && this.filter[last] === '#');
    return isMatch ? node.value : undefined;
  }

  #descend(node: TreeNode<T>, level: number): void {
    const { children } = node;
    if (children === undefined) return;
    const wanted = this.filter[Math.min(level, this.filter.length - 1)]!;
    if (wanted === '+' || wanted === '#') {
      const nodes = children instanceof Map ? children.values() : [children].values();
      this.#steps.push({ nodes: level === 0 ? plainNodes(nodes) : nodes, level });
      return;
    }
    const child = childOf(node, wanted);
    if (child !== undefined) this.#steps.push({ nodes: [child].values(), level });
  }
}

function* plainNodes<T>(nodes: Iterable<TreeNode<T>>): Generator<TreeNode<T>, undefined> {
  for (const node of nodes) {
    if (!node.name.startsWith('$')) yield node;
  }
  return undefined;
}
