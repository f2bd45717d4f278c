import { expect } from '@jest/globals';
import type { Amqp091Method } from '#libs/amqp091-codec';
import type { Behaviour, BehaviourArea } from './behaviour.js';
import { guarded } from './behaviour-gateway.js';
import {
  basicConsume,
  exchangeBind,
  exchangeDeclare,
  exchangeDelete,
  queueBind,
  queueDeclare,
  queueDelete,
  queueUnbind,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

type Right = 'configure' | 'write' | 'read';

const refusal = (right: Right, kind: 'queue' | 'exchange', name: string) =>
  `403 ACCESS_REFUSED - ${right} access to ${kind} '${name}' in vhost '/' refused for user 'limited'`;

interface OperationRow {
  readonly id: string;
  readonly says: string;
  /** `^own` may be configured, written and read; `^to` written; `^from` read. */
  readonly refused: readonly (readonly [method: Amqp091Method, says: string])[];
}

/** What is asked about does not have to be there: it is refused before. */
const operations: readonly OperationRow[] = [
  {
    id: 'permission-queue-declare',
    says: '`queue.declare` needs configure for the queue.',
    refused: [[queueDeclare('other'), refusal('configure', 'queue', 'other')]],
  },
  {
    id: 'permission-queue-declare-dead-letters',
    says: '`queue.declare` with `x-dead-letter-exchange` needs read for the queue and write for the exchange.',
    refused: [
      [
        queueDeclare('own.dead', { 'x-dead-letter-exchange': 'from.e' }),
        refusal('write', 'exchange', 'from.e'),
      ],
    ],
  },
  {
    id: 'permission-queue-delete',
    says: '`queue.delete` needs configure for the queue.',
    refused: [[queueDelete('other'), refusal('configure', 'queue', 'other')]],
  },
  {
    id: 'permission-exchange-declare',
    says: '`exchange.declare` needs configure for the exchange.',
    refused: [[exchangeDeclare('other'), refusal('configure', 'exchange', 'other')]],
  },
  {
    id: 'permission-exchange-alternate',
    says: '`exchange.declare` with `alternate-exchange` needs read for the exchange and write for the alternate.',
    refused: [
      [
        exchangeDeclare('own.e', 'direct', { 'alternate-exchange': 'from.e' }),
        refusal('write', 'exchange', 'from.e'),
      ],
    ],
  },
  {
    id: 'permission-exchange-delete',
    says: '`exchange.delete` needs configure for the exchange.',
    refused: [[exchangeDelete('other'), refusal('configure', 'exchange', 'other')]],
  },
  {
    id: 'permission-queue-bind',
    says: '`queue.bind` and `queue.unbind` need write for the queue and read for the exchange.',
    refused: [
      [queueBind('from.q', 'from.e', 'k'), refusal('write', 'queue', 'from.q')],
      [queueBind('to.q', 'to.e', 'k'), refusal('read', 'exchange', 'to.e')],
      [queueUnbind('from.q', 'from.e', 'k'), refusal('write', 'queue', 'from.q')],
      [queueUnbind('to.q', 'to.e', 'k'), refusal('read', 'exchange', 'to.e')],
    ],
  },
  {
    id: 'permission-exchange-bind',
    says: '`exchange.bind` needs write for the destination and read for the source.',
    refused: [
      [exchangeBind('from.e', 'from.e', 'k'), refusal('write', 'exchange', 'from.e')],
      [exchangeBind('to.e', 'to.e', 'k'), refusal('read', 'exchange', 'to.e')],
    ],
  },
  {
    id: 'permission-get',
    says: '`basic.get` needs read for the queue.',
    refused: [[{ name: 'basic.get', queue: 'to.q', noAck: true }, refusal('read', 'queue', 'to.q')]],
  },
  {
    id: 'permission-consume',
    says: '`basic.consume` needs read for the queue.',
    refused: [[basicConsume('to.q'), refusal('read', 'queue', 'to.q')]],
  },
  {
    id: 'permission-purge',
    says: '`queue.purge` needs read for the queue.',
    refused: [[{ name: 'queue.purge', queue: 'to.q', noWait: false }, refusal('read', 'queue', 'to.q')]],
  },
];

const operationRow = ({ id, says, refused }: OperationRow): Behaviour => ({
  ...{ id, says: `${says.replace(/\.$/, '')}: else 403 ACCESS_REFUSED.`, source: 'docs/access-control' },
  run: async (bed) => {
    const peer = await bed.peer({ user: guarded.limited });
    for (const [method, text] of refused) await peer.refuses(method, text);
  },
});

export const permissionBehaviours: BehaviourArea = {
  title: 'Permissions',
  behaviours: [
    ...operations.map(operationRow),
    {
      id: 'permission-publish',
      says: '`basic.publish` needs write for the exchange: else 403 ACCESS_REFUSED.',
      source: 'docs/access-control',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.limited });
        peer.publish('from.e', 'k', 'x');
        await peer.isClosed(refusal('write', 'exchange', 'from.e'), 'basic.publish');
      },
    },
    {
      id: 'permission-default-exchange',
      says: 'The default exchange is called `amq.default` there.',
      source: 'docs/access-control',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.limited });
        peer.publish('', 'own.q', 'x');
        await peer.isClosed(refusal('write', 'exchange', 'amq.default'), 'basic.publish');
      },
    },
    {
      id: 'permission-allowed',
      says: 'What the patterns allow is done.',
      source: 'docs/access-control',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.limited });
        await peer.exchange('own.exchange', 'fanout');
        await peer.queue('own.queue');
        await peer.bind('own.queue', 'own.exchange');
        peer.publish('own.exchange', '', 'x');
        await peer.consume('own.queue', {}, { noAck: true });
        expect(await peer.deliveredTexts(1)).toEqual(['x']);
      },
    },
    {
      id: 'permission-server-named',
      says: 'A queue that the server names needs configure for the name that it gets.',
      source: 'docs/access-control',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.limited });
        peer.send(queueDeclare(''));
        const { replyText } = await peer.first('channel.close');
        expect(replyText).toMatch(
          /^ACCESS_REFUSED - configure access to queue 'amq\.gen-[\w-]+' in vhost '\/'/,
        );
      },
    },
    {
      id: 'permission-passive',
      says: 'Passive declarations need none.',
      source: 'docs/access-control',
      run: async (bed) => {
        const owner = await bed.peer({ user: guarded.owner });
        const name = bed.name('thing');
        await owner.queue(name);
        await owner.exchange(name);
        const peer = await bed.peer({ user: guarded.limited });
        await peer.queue(name, {}, { passive: true });
        await peer.exchange(name, 'direct', {}, { passive: true });
      },
    },
    {
      id: 'permission-topic-publish',
      says: 'Topic permissions hold for routing keys, where they are about the exchange.',
      source: 'docs/access-control (topic authorisation)',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.topical });
        const name = bed.name('q');
        await peer.queue(name);
        await peer.bind(name, 'amq.topic', 'topical.#');
        peer.publish('amq.topic', 'topical.a', 'own');
        expect(await peer.texts(name)).toEqual(['own']);
        peer.publish('amq.topic', 'others.a', 'x');
        await peer.isClosed(
          "403 ACCESS_REFUSED - write access to topic 'others.a' in exchange topic 'amq.topic' in vhost '/' refused for user 'topical'",
          'basic.publish',
        );
      },
    },
    {
      id: 'permission-topic-bind',
      says: 'And for the routing keys of bindings.',
      source: 'docs/access-control (topic authorisation)',
      run: async (bed) => {
        const peer = await bed.peer({ user: guarded.topical });
        const name = bed.name('q');
        await peer.queue(name);
        await peer.refuses(
          queueBind(name, 'amq.topic', '#'),
          "403 ACCESS_REFUSED - read access to topic '#' in exchange topic 'amq.topic' in vhost '/' refused for user 'topical'",
        );
      },
    },
  ],
};
