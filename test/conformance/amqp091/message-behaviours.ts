import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import {
  type BasicProperties,
  decodeBasicProperties,
  decodeFieldTable,
  encodeBasicProperties,
  encodeFieldTable,
  type FieldTable,
  textField,
} from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import {
  basicPublish,
  rawFields,
  textsField,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const allProperties: BasicProperties = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  headers: rawFields({ one: 1 }),
  deliveryMode: 2,
  priority: 7,
  correlationId: 'c-1',
  replyTo: 'replies',
  messageId: 'm-1',
  timestamp: 1_700_000_000n,
  type: 'order',
  appId: 'shop',
  clusterId: 'old',
};

const everyType: FieldTable = [
  ['t', { tag: 't', value: true }],
  ['b', { tag: 'b', value: -128 }],
  ['B', { tag: 'B', value: 255 }],
  ['s', { tag: 's', value: -32_768 }],
  ['u', { tag: 'u', value: 65_535 }],
  ['I', { tag: 'I', value: -2_147_483_648 }],
  ['i', { tag: 'i', value: 4_294_967_295 }],
  ['l', { tag: 'l', value: -(2n ** 63n) }],
  ['f', { tag: 'f', value: 1.5 }],
  ['d', { tag: 'd', value: 0.1 }],
  ['D', { tag: 'D', scale: 2, value: 1_999 }],
  ['S', textField('größe')],
  ['x', { tag: 'x', value: Buffer.from([0, 255]) }],
  ['T', { tag: 'T', value: 1_700_000_000n }],
  ['V', { tag: 'V' }],
  ['A', { tag: 'A', value: [textField('a'), { tag: 'I', value: 2 }, { tag: 'A', value: [] }] }],
  ['F', { tag: 'F', value: [['inside', { tag: 'F', value: [['deep', { tag: 't', value: false }]] }]] }],
  ['t', textField('the same name again')],
];

export const messageBehaviours: BehaviourArea = {
  title: 'Messages',
  behaviours: [
    {
      id: 'message-properties',
      says: 'All properties come out as they went in, byte for byte.',
      source: 'docs/publishers, spec 1.8.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, 'x', allProperties);
        expect((await peer.get(name)).properties).toEqual(encodeBasicProperties(allProperties));
      },
    },
    {
      id: 'message-headers',
      says: 'Headers of every type come out as they went in, tables in tables and repeated names too.',
      source: 'spec 4.2.5, docs/specification (field types)',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const headers = encodeFieldTable(everyType);
        await peer.store('', name, 'x', { headers });
        expect(decodeBasicProperties((await peer.get(name)).properties).headers).toEqual(headers);
      },
    },
    {
      id: 'message-no-properties',
      says: 'A message without properties comes out without properties.',
      source: 'spec 4.2.6.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, 'x');
        expect((await peer.get(name)).properties).toEqual(encodeBasicProperties({}));
      },
    },
    {
      id: 'message-large',
      says: 'A body of many frames comes out as it went in.',
      source: 'spec 2.3.5.2',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const body = Buffer.alloc(1_000_000, 'abcdefg');
        await peer.store('', name, body);
        expect((await peer.get(name)).body.equals(body)).toBe(true);
      },
    },
    {
      id: 'message-exchange-and-key',
      says: 'A delivery says the exchange and the routing key of its publishing.',
      source: 'spec 1.8.3.9',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.bind(name, 'amq.topic', `${name}.#`);
        await peer.store('amq.topic', `${name}.a b.ü`, 'x');
        expect(await peer.get(name)).toMatchObject({ exchange: 'amq.topic', routingKey: `${name}.a b.ü` });
      },
    },
    {
      id: 'message-user-id',
      says: 'A `user-id` has to be the user who publishes; another is 406 PRECONDITION_FAILED.',
      source: 'docs/validated-user-id',
      run: async (bed) => {
        const peer = await bed.peer({ user: 'alice' });
        const name = bed.name('q');
        await peer.queue(name);
        await peer.store('', name, 'x', { userId: 'alice' });
        expect(decodeBasicProperties((await peer.get(name)).properties).userId).toBe('alice');
        peer.publish('', name, 'x', { userId: 'bob' });
        await peer.isClosed(
          "406 PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'alice'",
          'basic.publish',
        );
      },
    },
    {
      id: 'message-cc',
      says: 'The keys of the header `CC` route as the routing key does; receivers see them.',
      source: 'docs/sender-selected',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = ['a', 'b', 'c'].map((each) => bed.name(each)) as [string, string, string];
        for (const name of names) await peer.queue(name);
        const headers = rawFields({ CC: textsField(names[1], names[2], names[0]) });
        await peer.store('', names[0], 'x', { headers });
        for (const name of names) {
          const [delivery, ...more] = await peer.contents(name);
          expect(more).toEqual([]);
          expect(delivery!.routingKey).toBe(names[0]);
          expect(decodeBasicProperties(delivery!.properties).headers).toEqual(headers);
        }
      },
    },
    {
      id: 'message-bcc',
      says: 'The keys of the header `BCC` too; it is taken off before the message is stored.',
      source: 'docs/sender-selected',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two] = [bed.name('a'), bed.name('b')];
        for (const name of [one, two]) await peer.queue(name);
        await peer.store('', one, 'x', { headers: rawFields({ BCC: textsField(two), kept: 1 }) });
        for (const name of [one, two]) {
          const { headers } = decodeBasicProperties((await peer.get(name)).properties);
          expect(decodeFieldTable(headers!).map(([header]) => header)).toEqual(['kept']);
        }
      },
    },
    {
      id: 'message-cc-type',
      says: 'A `CC` that is no array is 406 PRECONDITION_FAILED.',
      source: 'docs/sender-selected, server',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.publish('', bed.name('q'), 'x', { headers: rawFields({ CC: 'one' }) });
        await peer.isClosed(
          '406 PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
          'basic.publish',
        );
      },
    },
    {
      id: 'message-expiration-wrong',
      says: 'An `expiration` that is no number of milliseconds is 406 PRECONDITION_FAILED.',
      source: 'docs/ttl, server',
      run: async (bed) => {
        const peer = await bed.peer();
        const refusals = {
          soon: "invalid expiration 'soon': no_integer",
          '-1': "invalid expiration '-1': {value_negative,-1}",
          '10s': 'invalid expiration \'10s\': {leftover_string,"s"}',
          '4294967296': "invalid expiration '4294967296': {value_too_big,4294967296}",
        };
        for (const [expiration, says] of Object.entries(refusals)) {
          peer.publish('', bed.name('q'), 'x', { expiration });
          await peer.isClosed(`406 PRECONDITION_FAILED - ${says}`, 'basic.publish');
        }
      },
    },
    {
      id: 'message-immediate',
      says: '`immediate` is not served: 540 NOT_IMPLEMENTED.',
      source: 'docs/specification',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.wire.sendContent(basicPublish('', 'q', { immediate: true }), 'x');
        const { replyCode, replyText } = await peer.wire.first('connection.close');
        expect([replyCode, replyText]).toEqual([540, 'NOT_IMPLEMENTED - immediate=true']);
      },
    },
    {
      id: 'message-delayed',
      says: 'An exchange of the type `x-delayed-message` routes by its `x-delayed-type` when `x-delay` is over.',
      source: 'rabbitmq-delayed-message-exchange',
      run: async (bed) => {
        const peer = await bed.peer();
        const [exchange, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(exchange, 'x-delayed-message', { 'x-delayed-type': 'direct' });
        await peer.queue(queue);
        await peer.bind(queue, exchange, 'k');
        await peer.consume(queue, {}, { noAck: true });
        // Producer and consumer are there before time counts.
        await peer.store(exchange, 'k', 'first');
        expect(await peer.deliveredTexts(1)).toEqual(['first']);
        const began = Date.now();
        peer.publish(exchange, 'k', 'late', { headers: rawFields({ 'x-delay': 2_500 }) });
        peer.publish(exchange, 'k', 'now');
        expect(await peer.deliveredTexts(2)).toEqual(['now', 'late']);
        expect(Date.now() - began).toBeGreaterThan(2_400);
      },
    },
    {
      id: 'message-delayed-header',
      says: 'When it comes, its `x-delay` is negative.',
      source: 'rabbitmq-delayed-message-exchange',
      run: async (bed) => {
        const peer = await bed.peer();
        const [exchange, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(exchange, 'x-delayed-message', { 'x-delayed-type': 'fanout' });
        await peer.queue(queue);
        await peer.bind(queue, exchange);
        await peer.consume(queue, {}, { noAck: true });
        peer.publish(exchange, '', 'x', { headers: rawFields({ 'x-delay': 200 }) });
        const { headers } = decodeBasicProperties((await peer.delivery()).properties);
        expect(decodeFieldTable(headers!)).toEqual([['x-delay', { tag: 'I', value: -200 }]]);
      },
    },
    {
      id: 'message-delayed-type',
      says: 'Such an exchange needs an `x-delayed-type`: 406 PRECONDITION_FAILED.',
      source: 'rabbitmq-delayed-message-exchange',
      run: async (bed) => {
        const peer = await bed.peer();
        const declare = peer.exchange(bed.name('e'), 'x-delayed-message');
        await expect(declare).rejects.toThrow(
          "406 PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type",
        );
      },
    },
  ],
};
