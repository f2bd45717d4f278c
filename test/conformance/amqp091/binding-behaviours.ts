import { expect } from '@jest/globals';
import type { FieldValue } from '#libs/amqp091-codec';
import type { Behaviour, BehaviourArea } from './behaviour.js';
import type { BehaviourBed } from './behaviour-bed.js';
import {
  type Fields,
  queueBind,
  rawFields,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const binding = (key: string, fields: Fields = {}) => [key, fields] as const;

/** A queue with these bindings to an exchange of its own: which of the messages come there. */
async function routedBy(
  bed: BehaviourBed,
  type: string,
  bindings: readonly (readonly [key: string, fields: Fields])[],
  messages: readonly (readonly [key: string, headers?: Fields])[],
): Promise<string[]> {
  const peer = await bed.peer();
  const [exchange, queue] = [bed.name(type), bed.name('q')];
  await peer.exchange(exchange, type);
  await peer.queue(queue);
  for (const [key, fields] of bindings) await peer.bind(queue, exchange, key, fields);
  messages.forEach(([key, headers], number) => {
    const properties = headers === undefined ? {} : { headers: rawFields(headers) };
    peer.publish(exchange, key, String(number), properties);
  });
  const numbers = await peer.texts(queue);
  return numbers.map((number) => messages[Number(number)]![0]);
}

interface PatternRow {
  readonly id: string;
  readonly says: string;
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

const patterns: readonly PatternRow[] = [
  {
    id: 'topic-literal',
    says: 'A pattern without wildcards matches the same key, by case, and no other.',
    pattern: 'a.b',
    matches: ['a.b'],
    others: ['a', 'a.b.c', 'A.b', 'a.bb', ''],
  },
  {
    id: 'topic-star',
    says: '`*` stands for exactly one word.',
    pattern: 'a.*.c',
    matches: ['a.b.c', 'a.x y.c'],
    others: ['a.c', 'a.b.b.c', 'a.b'],
  },
  {
    id: 'topic-star-empty-word',
    says: '`*` stands for an empty word, too.',
    pattern: 'a.*',
    matches: ['a.', 'a.b'],
    others: ['a', 'a..'],
  },
  {
    id: 'topic-hash-end',
    says: '`#` at the end stands for any number of words, none among them.',
    pattern: 'a.#',
    matches: ['a', 'a.b', 'a.b.c', 'a..'],
    others: ['b', 'ab', 'ab.c'],
  },
  {
    id: 'topic-hash-middle',
    says: '`#` in the middle, too.',
    pattern: 'a.#.z',
    matches: ['a.z', 'a.b.z', 'a.b.c.z', 'a.z.z'],
    others: ['a', 'a.z.b', 'z'],
  },
  {
    id: 'topic-hash-begin',
    says: '`#` at the beginning, too.',
    pattern: '#.z',
    matches: ['z', 'a.z', 'a.b.z'],
    others: ['az', 'z.a', ''],
  },
  {
    id: 'topic-hash-alone',
    says: '`#` alone matches all keys, the empty one too.',
    pattern: '#',
    matches: ['', 'a', 'a.b'],
    others: [],
  },
  {
    id: 'topic-both',
    says: 'Both may be mixed.',
    pattern: '*.#.b.*',
    matches: ['a.b.c', 'a.x.y.b.c'],
    others: ['b.c', 'a.b', 'a.b.c.d'],
  },
  {
    id: 'topic-no-part-of-word',
    says: 'Wildcards are whole words: `a*` is a word like others.',
    pattern: 'a*.b#',
    matches: ['a*.b#'],
    others: ['ax.bx', 'a.b'],
  },
];

const patternRow = ({ id, says, pattern, matches, others }: PatternRow): Behaviour => ({
  ...{ id, says, source: 'docs/exchanges, spec 3.1.3.3' },
  run: async (bed) => {
    const keys = [...matches, ...others];
    const routed = await routedBy(
      bed,
      'topic',
      [binding(pattern)],
      keys.map((key) => [key]),
    );
    expect(routed).toEqual(matches);
  },
});

interface HeadersRow {
  readonly id: string;
  readonly says: string;
  readonly wanted: Fields;
  readonly matches: readonly Fields[];
  readonly others: readonly Fields[];
}

const none: FieldValue = { tag: 'V' };

const headersRows: readonly HeadersRow[] = [
  {
    id: 'headers-all',
    says: 'With `x-match: all`, and without, all headers of the binding have to be there with their values.',
    wanted: { a: 1, b: 'x' },
    matches: [
      { a: 1, b: 'x' },
      { a: 1, b: 'x', c: true },
    ],
    others: [{ a: 1 }, { a: 1, b: 'y' }, {}],
  },
  {
    id: 'headers-any',
    says: 'With `x-match: any` one of them is enough.',
    wanted: { 'x-match': 'any', a: 1, b: 'x' },
    matches: [{ a: 1 }, { a: 2, b: 'x' }],
    others: [{ a: 2, b: 'y' }, { c: 1 }, {}],
  },
  {
    id: 'headers-none-all',
    says: 'Of no header at all, all match.',
    wanted: { 'x-match': 'all' },
    matches: [{}, { a: 1 }],
    others: [],
  },
  {
    id: 'headers-none-any',
    says: 'Of no header at all, none matches any.',
    wanted: { 'x-match': 'any' },
    matches: [],
    others: [{}, { a: 1 }],
  },
  {
    id: 'headers-presence',
    says: 'A void value asks whether the header is there.',
    wanted: { a: none },
    matches: [{ a: 1 }, { a: 'x' }],
    others: [{ b: 1 }, {}],
  },
  {
    id: 'headers-types',
    says: 'Values are compared within their types, whole numbers of all sizes as one.',
    wanted: { a: 1 },
    matches: [{ a: 1n }, { a: { tag: 'b', value: 1 } }],
    others: [{ a: '1' }, { a: true }, { a: { tag: 'd', value: 1 } }],
  },
  {
    id: 'headers-x-ignored',
    says: 'Headers of the binding that begin with `x-` do not count.',
    wanted: { 'x-match': 'all', a: 1, 'x-b': 2 },
    matches: [{ a: 1 }, { a: 1, 'x-b': 3 }],
    others: [{ 'x-b': 2 }],
  },
  {
    id: 'headers-all-with-x',
    says: 'With `all-with-x` they count.',
    wanted: { 'x-match': 'all-with-x', a: 1, 'x-b': 2 },
    matches: [{ a: 1, 'x-b': 2 }],
    others: [{ a: 1 }, { a: 1, 'x-b': 3 }],
  },
  {
    id: 'headers-any-with-x',
    says: 'With `any-with-x`, too.',
    wanted: { 'x-match': 'any-with-x', a: 1, 'x-b': 2 },
    matches: [{ 'x-b': 2 }, { a: 1 }],
    others: [{ 'x-b': 3 }],
  },
];

const headersRow = ({ id, says, wanted, matches, others }: HeadersRow): Behaviour => ({
  ...{ id, says, source: 'docs/exchanges, spec 3.1.3.4' },
  run: async (bed) => {
    const messages = [
      ...matches.map((headers, at) => [`match ${at}`, headers] as const),
      ...others.map((headers, at) => [`other ${at}`, headers] as const),
    ];
    const routed = await routedBy(bed, 'headers', [binding('', wanted)], messages);
    expect(routed).toEqual(matches.map((_, at) => `match ${at}`));
  },
});

export const routingBehaviours: BehaviourArea = {
  title: 'Routing patterns',
  behaviours: [
    {
      id: 'direct',
      says: 'A direct exchange routes by the same key, to each queue that is bound by it.',
      source: 'docs/exchanges, spec 3.1.3.1',
      run: async (bed) => {
        const keys = ['one', 'One', 'two', 'three', ''].map((key) => [key] as const);
        expect(await routedBy(bed, 'direct', [binding('one'), binding('two')], keys)).toEqual(['one', 'two']);
      },
    },
    {
      id: 'fanout',
      says: 'A fanout exchange routes all, whatever the keys are.',
      source: 'docs/exchanges, spec 3.1.3.2',
      run: async (bed) => {
        const keys = ['one', '', 'two'].map((key) => [key] as const);
        expect(await routedBy(bed, 'fanout', [binding('none')], keys)).toEqual(['one', '', 'two']);
      },
    },
    ...patterns.map(patternRow),
    ...headersRows.map(headersRow),
  ],
};

export const bindingBehaviours: BehaviourArea = {
  title: 'Bindings',
  behaviours: [
    {
      id: 'bind-again',
      says: 'What is bound already is bound: a message comes once.',
      source: 'spec 1.7.2.3',
      run: async (bed) => {
        const same = [binding('k'), binding('k')];
        expect(await routedBy(bed, 'direct', same, [['k']])).toEqual(['k']);
      },
    },
    {
      id: 'bind-twice-matching',
      says: 'A queue gets a message once, however many of its bindings match.',
      source: 'spec 3.1.3, docs/exchanges',
      run: async (bed) => {
        const bindings = [binding('#'), binding('a.*'), binding('a.b')];
        expect(await routedBy(bed, 'topic', bindings, [['a.b']])).toEqual(['a.b']);
      },
    },
    {
      id: 'bind-missing',
      says: 'Exchange and queue have to be there: 404 NOT_FOUND.',
      source: 'spec 1.7.2.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const [queue, absent] = [bed.name('q'), bed.name('absent')];
        await peer.queue(queue);
        await peer.refuses(
          queueBind(queue, absent, 'k'),
          `404 NOT_FOUND - no exchange '${absent}' in vhost '/'`,
        );
        await peer.refuses(
          queueBind(absent, 'amq.direct', 'k'),
          `404 NOT_FOUND - no queue '${absent}' in vhost '/'`,
        );
      },
    },
    {
      id: 'unbind',
      says: 'After unbind-ok nothing comes by that binding.',
      source: 'spec 1.7.2.5',
      run: async (bed) => {
        const peer = await bed.peer();
        const [exchange, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(exchange);
        await peer.queue(queue);
        for (const key of ['a', 'b']) await peer.bind(queue, exchange, key);
        await peer.unbind(queue, exchange, 'a');
        for (const key of ['a', 'b']) peer.publish(exchange, key, key);
        expect(await peer.texts(queue)).toEqual(['b']);
      },
    },
    {
      id: 'unbind-missing',
      says: 'What is not bound, or not there, is unbound, too.',
      source: 'server, docs/specification (idempotent operations)',
      run: async (bed) => {
        const peer = await bed.peer();
        const [queue, absent] = [bed.name('q'), bed.name('absent')];
        await peer.queue(queue);
        await peer.unbind(queue, 'amq.direct', 'k');
        await peer.unbind(queue, absent, 'k');
        await peer.unbind(absent, 'amq.direct', 'k');
      },
    },
    {
      id: 'bind-arguments-apart',
      says: 'Bindings of one key with other arguments are others.',
      source: 'spec 1.7.2.3, server',
      run: async (bed) => {
        const peer = await bed.peer();
        const [exchange, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(exchange);
        await peer.queue(queue);
        await peer.bind(queue, exchange, 'k', { a: 1 });
        await peer.bind(queue, exchange, 'k', { a: 2 });
        await peer.unbind(queue, exchange, 'k', { a: 1 });
        peer.publish(exchange, 'k', 'still');
        await peer.unbind(queue, exchange, 'k', { a: 2 });
        peer.publish(exchange, 'k', 'no more');
        expect(await peer.texts(queue)).toEqual(['still']);
      },
    },
    {
      id: 'bind-x-match-wrong',
      says: 'An unknown `x-match` is 406 PRECONDITION_FAILED.',
      source: 'docs/exchanges, server',
      run: async (bed) => {
        const { peer, name: queue } = await bed.queue();
        await peer.refuses(
          queueBind(queue, 'amq.headers', '', { 'x-match': 'some' }),
          '406 PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
        );
        await peer.refuses(
          queueBind(queue, 'amq.headers', '', { 'x-match': 1 }),
          '406 PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr',
        );
      },
    },
    {
      id: 'bind-short',
      says: 'Where neither queue nor key is named, both are the queue that was declared last.',
      source: 'spec 1.7.2.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const [exchange, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(exchange);
        await peer.queue(queue);
        await peer.bind('', exchange, '');
        peer.publish(exchange, queue, 'by its name');
        expect(await peer.texts(queue)).toEqual(['by its name']);
      },
    },
    {
      id: 'bind-many-queues',
      says: 'Each queue that is bound gets its own copy.',
      source: 'spec 3.1.3',
      run: async (bed) => {
        const { peer, name: exchange } = await bed.exchange('direct');
        const queues = [1, 2, 3].map((at) => bed.name(`q${at}`));
        for (const queue of queues) {
          await peer.queue(queue);
          await peer.bind(queue, exchange, 'k');
        }
        peer.publish(exchange, 'k', 'copy');
        for (const queue of queues) expect(await peer.texts(queue)).toEqual(['copy']);
      },
    },
  ],
};
