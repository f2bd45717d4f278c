/** The values of one filter, by key; the map changes with the tree. */
export type FilterValues<K, V> = ReadonlyMap<K, V>;

interface FilterNode<K, V> {
  readonly parent: FilterNode<K, V> | undefined;
  readonly level: string;
  /** Levels that stand for themselves. */
  children: Map<string, FilterNode<K, V>> | undefined;
  plus: FilterNode<K, V> | undefined;
  hash: FilterNode<K, V> | undefined;
  /** Of the filter that ends here. */
  values: Map<K, V> | undefined;
}

/** Results that are remembered; all are forgotten when a filter begins or ceases to exist. */
const rememberedTopicsDefault = 10_000;
/** Those of longer topics are not: a client chooses how long its topics are, up to 64 KB each. */
const rememberedCharsMax = 512;

/**
 * Topic filters, each with values by key (whose subscription it is), and which of them match a topic [MQTT-4.7]. The cost of a
 * match is that of the part of the tree that fits the topic, whatever the number of filters; of a topic that was matched
 * before and whose filters are the same since, one look-up. Nothing recurses: topics may have as many levels as they have
 * characters.
 */
export class FilterTree<K, V> {
  private readonly root: FilterNode<K, V> = newNode<K, V>(undefined, '');
  private readonly remembered = new Map<string, readonly FilterValues<K, V>[]>();
  private count = 0;

  /** @param rememberedTopicsMax topics of which it is remembered what matches them; 0: none, where memory matters more */
  constructor(private readonly rememberedTopicsMax = rememberedTopicsDefault) {}

  /** Pairs of filter and key. */
  get size(): number {
    return this.count;
  }

  /**
   * @param filter valid, without `$share/`
   * @returns the value that was replaced
   */
  add(filter: string, key: K, value: V): V | undefined {
    const node = this.nodeOf(filter);
    if (node.values === undefined) {
      node.values = new Map();
      this.remembered.clear();
    }
    const { values } = node;
    const replaced = values.get(key);
    if (!values.has(key)) this.count++;
    values.set(key, value);
    return replaced;
  }

  get(filter: string, key: K): V | undefined {
    return this.find(filter)?.values?.get(key);
  }

  /** @returns the value that was there */
  remove(filter: string, key: K): V | undefined {
    const node = this.find(filter);
    const values = node?.values;
    if (node === undefined || values === undefined || !values.has(key)) return undefined;
    const value = values.get(key);
    values.delete(key);
    this.count--;
    if (values.size === 0) {
      node.values = undefined;
      this.remembered.clear();
      prune(node);
    }
    return value;
  }

  /** Calls for each value of each filter that matches; a key with several such filters comes several times. */
  match(topic: string, visit: (value: V, key: K) => void): void {
    for (const values of this.matching(topic)) {
      for (const [key, value] of values) visit(value, key);
    }
  }

  /** The values of each filter that matches, none of them empty. Not to be kept beyond the next change of the tree. */
  matching(topic: string): readonly FilterValues<K, V>[] {
    const known = this.remembered.get(topic);
    if (known !== undefined) return known;
    const found = this.search(topic);
    if (this.rememberedTopicsMax === 0 || topic.length > rememberedCharsMax) return found;
    if (this.remembered.size >= this.rememberedTopicsMax) this.remembered.clear();
    this.remembered.set(topic, found);
    return found;
  }

  private search(topic: string): readonly FilterValues<K, V>[] {
    const found: FilterValues<K, V>[] = [];
    const { root } = this;
    // Wildcards at the first level do not match what begins with $ [MQTT-4.7.2-1].
    let wild = topic.charCodeAt(0) !== dollar;
    let front: FilterNode<K, V>[] = [root];
    let start = 0;
    for (;;) {
      const slash = topic.indexOf('/', start);
      const level = slash < 0 ? topic.slice(start) : topic.slice(start, slash);
      const next: FilterNode<K, V>[] = [];
      for (const node of front) {
        if (wild) {
          if (node.hash?.values !== undefined) found.push(node.hash.values);
          if (node.plus !== undefined) next.push(node.plus);
        }
        const child = node.children?.get(level);
        if (child !== undefined) next.push(child);
      }
      wild = true;
      front = next;
      if (slash < 0 || front.length === 0) break;
      start = slash + 1;
    }
    for (const node of front) {
      if (node.values !== undefined) found.push(node.values);
      // `a/#` matches `a` too [MQTT-4.7.1.2].
      if (node.hash?.values !== undefined) found.push(node.hash.values);
    }
    return found;
  }

  private nodeOf(filter: string): FilterNode<K, V> {
    let node = this.root;
    for (const level of filter.split('/')) node = childOf(node, level) ?? addChild(node, level);
    return node;
  }

  private find(filter: string): FilterNode<K, V> | undefined {
    let node: FilterNode<K, V> | undefined = this.root;
    for (const level of filter.split('/')) {
      node = childOf(node, level);
      if (node === undefined) return undefined;
    }
    return node;
  }
}

const dollar = 0x24;

function newNode<K, V>(parent: FilterNode<K, V> | undefined, level: string): FilterNode<K, V> {
  return { parent, level, children: undefined, plus: undefined, hash: undefined, values: undefined };
}

function childOf<K, V>(node: FilterNode<K, V>, level: string): FilterNode<K, V> | undefined {
  if (level === '+') return node.plus;
  if (level === '#') return node.hash;
  return node.children?.get(level);
}

function addChild<K, V>(node: FilterNode<K, V>, level: string): FilterNode<K, V> {
  const child = newNode(node, level);
  if (level === '+') node.plus = child;
  else if (level === '#') node.hash = child;
  else {
    node.children ??= new Map();
    node.children.set(level, child);
  }
  return child;
}

/** Removes what nobody needs any more, from the end of a filter on. */
function prune<K, V>(from: FilterNode<K, V>): void {
  let node = from;
  while (node.parent !== undefined && isEmpty(node)) {
    const { parent, level } = node;
    if (level === '+') parent.plus = undefined;
    else if (level === '#') parent.hash = undefined;
    else {
      parent.children?.delete(level);
      if (parent.children?.size === 0) parent.children = undefined;
    }
    node = parent;
  }
}

function isEmpty<K, V>({ children, plus, hash, values }: FilterNode<K, V>): boolean {
  return children === undefined && plus === undefined && hash === undefined && values === undefined;
}
