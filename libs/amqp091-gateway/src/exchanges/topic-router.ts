import type { RouteBinding, RoutedMessage, Router } from './route-node.js';

/** Words of all patterns, those that begin alike once. */
const nodesMax = 200_000;
/** Those that follow a `#`: each may be visited again at each word of a key, of which there are up to 128. */
const nodesBehindHashMax = 20_000;

/** One word of the patterns that begin alike. */
class TopicNode {
  words: Map<string, TopicNode> | undefined;
  star: TopicNode | undefined;
  hash: TopicNode | undefined;
  bindings: Set<RouteBinding> | undefined;
  /** The last step of a walk that came here. */
  mark = 0;

  constructor(
    readonly isHash: boolean,
    readonly isBehindHash: boolean,
  ) {}

  get isEmpty(): boolean {
    return (
      this.words === undefined &&
      this.star === undefined &&
      this.hash === undefined &&
      this.bindings === undefined
    );
  }
}

/**
 * Topic exchanges (3.1.3.3) as RabbitMQ has them: words between dots, `*` is one word, `#` any number of them. A key without
 * any character has no word. All patterns are walked at once, a word of the key at a time: a key of w words costs at most w
 * visits of each node, whatever `#` there are.
 */
export class TopicRouter implements Router {
  readonly #root = new TopicNode(false, false);
  #active: TopicNode[] = [];
  #next: TopicNode[] = [];
  #step = 0;
  #nodes = 0;
  #nodesBehindHash = 0;
  size = 0;

  hasRoom(routingKey: string): boolean {
    let node: TopicNode | undefined = this.#root;
    let nodes = this.#nodes;
    let behindHash = this.#nodesBehindHash;
    let isBehindHash = false;
    for (const word of wordsOf(routingKey)) {
      node = node && childOf(node, word);
      if (node === undefined) {
        nodes++;
        if (isBehindHash) behindHash++;
      }
      isBehindHash ||= word === '#';
    }
    return nodes <= nodesMax && behindHash <= nodesBehindHashMax;
  }

  add(binding: RouteBinding): void {
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) node = childOf(node, word) ?? this.#addChild(node, word);
    node.bindings ??= new Set();
    if (node.bindings.has(binding)) return;
    node.bindings.add(binding);
    this.size++;
  }

  remove(binding: RouteBinding): void {
    const path = [this.#root];
    const words = wordsOf(binding.routingKey);
    for (const word of words) {
      const child = childOf(path.at(-1)!, word);
      if (child === undefined) return;
      path.push(child);
    }
    const last = path.at(-1)!;
    if (last.bindings?.delete(binding) !== true) return;
    this.size--;
    if (last.bindings.size === 0) last.bindings = undefined;
    for (let at = words.length; at > 0 && path[at]!.isEmpty; at--)
      this.#removeChild(path[at - 1]!, words[at - 1]!);
  }

  route(message: RoutedMessage): void {
    if (this.size === 0) return;
    const { routingKeys } = message;
    if (typeof routingKeys === 'string') this.#routeKey(routingKeys, message);
    else for (const key of routingKeys) this.#routeKey(key, message);
  }

  #routeKey(key: string, message: RoutedMessage): void {
    this.#step++;
    this.#enter(this.#root);
    this.#turn();
    for (let from = 0; key !== '' && from <= key.length; ) {
      const dot = key.indexOf('.', from);
      const end = dot === -1 ? key.length : dot;
      this.#walk(key.slice(from, end));
      if (this.#active.length === 0) return;
      from = end + 1;
    }
    for (const { bindings } of this.#active) {
      if (bindings !== undefined) for (const { destination } of bindings) message.reach(destination);
    }
    this.#active.length = 0;
  }

  #walk(word: string): void {
    this.#step++;
    for (const node of this.#active) {
      const child = node.words?.get(word);
      if (child !== undefined) this.#enter(child);
      if (node.star !== undefined) this.#enter(node.star);
      if (node.isHash) this.#enter(node);
    }
    this.#turn();
  }

  /** And what follows it when `#` is no word at all. */
  #enter(entered: TopicNode): void {
    for (let node: TopicNode | undefined = entered; node !== undefined; node = node.hash) {
      if (node.mark === this.#step) return;
      node.mark = this.#step;
      this.#next.push(node);
    }
  }

  #turn(): void {
    const walked = this.#active;
    this.#active = this.#next;
    walked.length = 0;
    this.#next = walked;
  }

  #addChild(node: TopicNode, word: string): TopicNode {
    const child = new TopicNode(word === '#', node.isHash || node.isBehindHash);
    this.#nodes++;
    if (child.isBehindHash) this.#nodesBehindHash++;
    if (word === '*') node.star = child;
    else if (word === '#') node.hash = child;
    else {
      node.words ??= new Map();
      node.words.set(word, child);
    }
    return child;
  }

  #removeChild(node: TopicNode, word: string): void {
    this.#nodes--;
    if (node.isHash || node.isBehindHash) this.#nodesBehindHash--;
    if (word === '*') node.star = undefined;
    else if (word === '#') node.hash = undefined;
    else {
      node.words?.delete(word);
      if (node.words?.size === 0) node.words = undefined;
    }
  }
}

function wordsOf(pattern: string): string[] {
  return pattern === '' ? [] : pattern.split('.');
}

function childOf(node: TopicNode, word: string): TopicNode | undefined {
  if (word === '*') return node.star;
  return word === '#' ? node.hash : node.words?.get(word);
}
