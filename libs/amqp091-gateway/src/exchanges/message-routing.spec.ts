import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FieldTable, FieldValue } from '#libs/amqp091-codec';
import { silentLog } from '#libs/telemetry';
import { type Model, type ModelBinding, type ModelExchange, modelRoute } from '../testing/routing-model.js';
import { table } from '../testing/topology-fixture.js';
import type { Queue } from '../topology/queue.js';
import type { TopologyRecord } from '../topology/topology-record.js';
import { VhostState } from '../topology/vhost-state.js';
import { type RoutingType, routingTypes } from './exchange.js';
import { QueueNode, type RouteBinding } from './route-node.js';
import { TopicRouter } from './topic-router.js';

/** A vhost where the uid of everything is its name. */
class PlainVhost {
  readonly state = new VhostState(silentLog);
  #bindings = 0;

  exchange(name: string, type: string = 'direct', fields: FieldTable = []): this {
    const flags = { durable: true, autoDelete: false, internal: false };
    return this.#add(`x:${name}`, { kind: 'exchange', vhost: '/', name, type, ...flags, arguments: fields });
  }

  queue(name: string): this {
    const flags = { durable: true, autoDelete: false, exclusive: false };
    return this.#add(`q:${name}`, { kind: 'queue', vhost: '/', name, ...flags, arguments: [] });
  }

  bind(
    source: string,
    destination: string,
    key = '',
    fields: FieldTable = [],
    kind: 'queue' | 'exchange' = 'queue',
  ) {
    this.state.add(`b${this.#bindings++}`, '', {
      kind: 'binding',
      vhost: '/',
      source,
      sourceUid: source.startsWith('amq.') ? source : `x:${source}`,
      destinationKind: kind,
      destination,
      destinationUid: kind === 'queue' ? `q:${destination}` : `x:${destination}`,
      routingKey: key,
      arguments: fields,
    });
    return this;
  }

  route(exchange: string, keys: string | readonly string[] = '', headers: FieldTable = []): string[] {
    const found: string[] = [];
    this.visit(exchange, keys, headers, (name) => found.push(name));
    return found.sort();
  }

  visit(
    exchange: string,
    keys: string | readonly string[],
    headers: FieldTable,
    visit: (name: string, isDelayed: boolean) => void,
  ): number {
    const from = this.state.exchanges.inForce(exchange)!;
    return this.state.route(
      from,
      keys,
      () => headers,
      ({ name }, isDelayed) => visit(name, isDelayed),
    );
  }

  #add(uid: string, record: TopologyRecord): this {
    this.state.add(uid, uid, record);
    return this;
  }
}

const words = fc.constantFrom('a', 'b', '', '*', '#');
const keys = fc.array(words, { maxLength: 5 }).map((each) => each.join('.'));
const fieldValues: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.constantFrom('x', 'y').map((text): FieldValue => ({ tag: 'S', value: Buffer.from(text) })),
  fc.constantFrom(1, 2).map((value): FieldValue => ({ tag: 'I', value })),
  fc.constantFrom(1n, 2n).map((value): FieldValue => ({ tag: 'l', value })),
  fc.boolean().map((value): FieldValue => ({ tag: 't', value })),
);
const headerNames = fc.constantFrom('h1', 'h2', 'x-h');
const headerTables = fc
  .dictionary(headerNames, fieldValues)
  .map((fields): FieldTable => Object.entries(fields));
const wantedTables = fc
  .tuple(
    fc.dictionary(headerNames, fc.oneof(fieldValues, fc.constant<FieldValue>({ tag: 'V' }))),
    fc.constantFrom(undefined, 'all', 'any', 'all-with-x', 'any-with-x'),
  )
  .map(
    ([fields, mode]): FieldTable => [...Object.entries(fields), ...(mode ? table({ 'x-match': mode }) : [])],
  );
const names = fc.constantFrom<string>('x0', 'x1', 'x2', 'x3');
const queueNames = fc.constantFrom<string>('q0', 'q1', 'q2', 'q3', 'q4');
const modelExchanges: fc.Arbitrary<ModelExchange[]> = fc.uniqueArray(
  fc.record({
    name: names,
    type: fc.constantFrom<RoutingType>(...routingTypes),
    alternate: fc.oneof(fc.constant(undefined), names),
  }),
  { selector: ({ name }) => name, minLength: 1 },
);
const modelBindings: fc.Arbitrary<ModelBinding[]> = fc.array(
  fc.oneof(
    fc.record({
      source: names,
      kind: fc.constant('queue' as const),
      destination: queueNames,
      key: keys,
      arguments: wantedTables,
    }),
    fc.record({
      source: names,
      kind: fc.constant('exchange' as const),
      destination: names,
      key: keys,
      arguments: wantedTables,
    }),
  ),
  { maxLength: 20 },
);
const models: fc.Arbitrary<Model> = fc
  .record({
    exchanges: modelExchanges,
    queues: fc.uniqueArray(queueNames),
    bindings: modelBindings,
  })
  .map(({ exchanges, queues, bindings }) => ({
    exchanges,
    queues,
    bindings: bindings.filter(
      ({ source, kind, destination }) =>
        exchanges.some(({ name }) => name === source) &&
        (kind === 'queue'
          ? queues.includes(destination)
          : exchanges.some(({ name }) => name === destination)),
    ),
  }));

function vhostOf({ exchanges, queues, bindings }: Model): PlainVhost {
  const vhost = new PlainVhost();
  for (const { name, type, alternate } of exchanges) {
    vhost.exchange(name, type, alternate === undefined ? [] : table({ 'alternate-exchange': alternate }));
  }
  for (const name of queues) vhost.queue(name);
  for (const { source, kind, destination, key, arguments: fields } of bindings) {
    vhost.bind(source, destination, key, fields, kind);
  }
  return vhost;
}

describe('routing', () => {
  it('finds what the rules say, over exchanges of all types that are bound to each other in any way', () => {
    fc.assert(
      fc.property(
        models,
        fc.array(
          keys.map((key) => key.replaceAll(/[*#]/g, 'c')),
          { minLength: 1, maxLength: 3 },
        ),
        headerTables,
        (model, routingKeys, headers) => {
          const vhost = vhostOf(model);
          for (const { name } of model.exchanges) {
            const expected = modelRoute(model, name, routingKeys, headers);
            expect(vhost.route(name, routingKeys, headers)).toEqual(expected);
            const [first] = routingKeys;
            expect(vhost.route(name, first, headers)).toEqual(modelRoute(model, name, [first!], headers));
          }
        },
      ),
      { numRuns: 250 },
    );
  });

  it('forgets bindings that are removed, in any order', () => {
    fc.assert(
      fc.property(models, fc.infiniteStream(fc.nat()), headerTables, (model, numbers, headers) => {
        const vhost = vhostOf(model);
        const left = [...vhost.state.bindings()];
        const kept: ModelBinding[] = [...model.bindings];
        for (let removed = 0; removed < model.bindings.length / 2; removed++) {
          const at = numbers.next().value % left.length;
          const [binding] = left.splice(at, 1);
          kept.splice(at, 1);
          vhost.state.remove(binding!.key, '', binding!.record);
        }
        const rest = { ...model, bindings: kept };
        for (const { name } of model.exchanges) {
          expect(vhost.route(name, ['a.b', ''], headers)).toEqual(
            modelRoute(rest, name, ['a.b', ''], headers),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('comes to a queue of the default exchange by its name', () => {
    const vhost = new PlainVhost().queue('q').queue('r');
    expect(vhost.route('', 'q')).toEqual(['q']);
    expect(vhost.route('', ['q', 'r', 'q', 'none'])).toEqual(['q', 'r']);
  });

  it.each([
    ['x.', ['#', '#.x.#', '*.#', 'x.#', 'x.*']],
    ['', ['#']],
  ])('takes the words of %j as RabbitMQ does', (key, expected) => {
    const vhost = new PlainVhost().exchange('t', 'topic');
    for (const pattern of ['#', '*', 'x', 'x.*', 'x.#', '#.x.#', '*.#']) {
      vhost.queue(pattern).bind('t', pattern, pattern);
    }
    expect(vhost.route('t', key)).toEqual(expected);
  });

  it('tells of the way through a delayed exchange, once for a queue', () => {
    const vhost = new PlainVhost()
      .exchange('delayed', 'x-delayed-message', table({ 'x-delayed-type': 'topic' }))
      .exchange('plain', 'fanout')
      .queue('a')
      .queue('b')
      .bind('plain', 'delayed', '', [], 'exchange')
      .bind('plain', 'a')
      .bind('delayed', 'b', 'k.#');
    const seen: string[] = [];
    vhost.visit('plain', 'k.1', [], (name, isDelayed) => seen.push(`${name} ${isDelayed}`));
    vhost.visit('delayed', 'k', [], (name, isDelayed) => seen.push(`${name} ${isDelayed}`));
    expect(seen).toEqual(['a false', 'b true', 'b true']);
  });

  it('routes another message while one is visited', () => {
    const vhost = new PlainVhost()
      .queue('q')
      .queue('dead')
      .bind('amq.fanout', 'q')
      .bind('amq.direct', 'dead', 'q');
    const seen: string[] = [];
    const visited = vhost.visit('amq.fanout', '', [], (name) => {
      seen.push(name, ...vhost.route('amq.direct', name));
    });
    expect([visited, ...seen]).toEqual([1, 'q', 'dead']);
    // The outer message comes to both queues on two ways, and the inner one to the same queues.
    vhost
      .queue('r')
      .bind('amq.fanout', 'r')
      .bind('amq.fanout', 'q', 'again')
      .bind('amq.fanout', 'r', 'again');
    const outer: string[] = [];
    vhost.visit('amq.fanout', '', [], (name) => {
      outer.push(name);
      expect(vhost.route('amq.fanout')).toEqual(['q', 'r']);
    });
    expect(outer).toEqual(['q', 'r']);
  });

  it('goes on after a visit that threw', () => {
    const vhost = new PlainVhost().queue('q').queue('r').bind('amq.fanout', 'q').bind('amq.fanout', 'r');
    const thrown = () => {
      throw new Error('full');
    };
    expect(() => vhost.visit('amq.fanout', '', [], thrown)).toThrow('full');
    expect(vhost.route('amq.fanout')).toEqual(['q', 'r']);
  });

  it('asks for headers once, and only where they matter', () => {
    const vhost = new PlainVhost()
      .queue('q')
      .bind('amq.topic', 'q', '#')
      .bind('amq.match', 'q', '', table({ a: 1 }));
    let asked = 0;
    const headers = () => {
      asked++;
      return table({ a: 1 });
    };
    vhost.state.route(vhost.state.exchanges.inForce('amq.topic')!, 'k', headers, () => {});
    expect(asked).toBe(0);
    expect(vhost.state.route(vhost.state.exchanges.inForce('amq.match')!, 'k', headers, () => {})).toBe(1);
    expect(asked).toBe(1);
  });
});

/** In ms, of the best of three: others use the machine too. */
function quickest(work: () => void): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const before = performance.now();
      work();
      return performance.now() - before;
    }),
  );
}

describe('hostile topologies', () => {
  it('has ten thousand bindings of each type', () => {
    const vhost = new PlainVhost()
      .exchange('h', 'headers')
      .exchange('d')
      .exchange('t', 'topic')
      .exchange('f', 'fanout');
    for (let at = 0; at < 10_000; at++) {
      if (at < 1_000) vhost.queue(`q${at}`).bind('f', `q${at}`);
      vhost.bind('d', `q${at % 1_000}`, `k${at}`);
      vhost.bind('t', `q${at % 1_000}`, `k${at}.*.#`);
      vhost.bind('h', `q${at % 1_000}`, '', table({ a: at, b: 'x' }));
    }
    expect(vhost.route('d', 'k5000')).toEqual(['q0']);
    expect(vhost.route('t', 'k77.b.c')).toEqual(['q77']);
    expect(vhost.route('h', '', table({ a: 9_123, b: 'x' }))).toEqual(['q123']);
    expect(vhost.route('f')).toHaveLength(1_000);
    const hundred = quickest(() => {
      for (let times = 0; times < 100; times++) vhost.route('t', `k${times}.b.c`);
    });
    expect(hundred).toBeLessThan(100);
  });

  it('walks patterns of many # in words times nodes', () => {
    const vhost = new PlainVhost();
    for (let at = 0; at < 64; at++) {
      vhost.queue(`q${at}`).bind('amq.topic', `q${at}`, `${'#.a.'.repeat(at)}#.end`);
    }
    const key = 'a.'.repeat(127);
    expect(quickest(() => expect(vhost.route('amq.topic', key)).toEqual([]))).toBeLessThan(500);
    expect(vhost.route('amq.topic', 'a.a.end')).toEqual(['q0', 'q1', 'q2']);
  });

  it('lets no topic exchange have patterns that take long to walk, or much memory', () => {
    const router = new TopicRouter();
    const destination = new QueueNode({ name: 'q' } as Queue);
    const added: RouteBinding[] = [];
    const add = (routingKey: string) => {
      const binding = { routingKey, arguments: [], destination };
      router.add(binding);
      added.push(binding);
    };
    // All match a key of as many a as there are words.
    const pattern = (at: number, words: readonly string[], length: number) =>
      Array.from({ length }, (_, bit) => words[(at >> (bit % 14)) & 1]).join('.');
    let at = 0;
    for (; router.hasRoom(`#.${pattern(at, ['a', '*'], 60)}`); at++) add(`#.${pattern(at, ['a', '*'], 60)}`);
    expect(at).toBeGreaterThan(300);
    expect(router.hasRoom('a.b.c')).toBe(true);
    const key = `${'a.'.repeat(126)}a`;
    let reached = 0;
    const message = {
      routingKeys: key,
      headers: new Map(),
      comparableHeader: () => undefined,
      reach: () => reached++,
    };
    expect(quickest(() => router.route(message))).toBeLessThan(1_000);
    expect(reached).toBe(3 * at);
    for (at = 0; router.hasRoom(pattern(at, ['a', 'b'], 100)); at++) add(pattern(at, ['a', 'b'], 100));
    expect(at).toBeLessThan(5_000);
    for (const binding of added) router.remove(binding);
    expect(router.size).toBe(0);
    expect(router.hasRoom(pattern(0, ['a', 'b'], 100))).toBe(true);
  });

  it('ends in circles and long chains of exchanges', () => {
    const vhost = new PlainVhost().queue('q');
    const length = 5_000;
    for (let at = 0; at < length; at++) vhost.exchange(`x${at}`, 'fanout');
    for (let at = 0; at < length; at++) vhost.bind(`x${at}`, `x${(at + 1) % length}`, '', [], 'exchange');
    vhost.bind(`x${length - 1}`, 'q');
    expect(vhost.route('x0')).toEqual(['q']);
    expect(vhost.route(`x${length - 1}`)).toEqual(['q']);
    const alternates = new PlainVhost();
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      alternates.exchange(name, 'direct', table({ 'alternate-exchange': other }));
    }
    expect(alternates.route('a', 'k')).toEqual([]);
  });
});
