import type { Behaviour, BehaviourArea } from './behaviour.js';
import { type Fields, queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

interface ArgumentRow {
  readonly id: string;
  readonly says: string;
  readonly source: string;
  readonly fields: Fields;
  /** After `invalid arg 'NAME' for queue 'q' in vhost '/': `. */
  readonly refusal: readonly [argument: string, why: string];
}

const refused: readonly ArgumentRow[] = [
  {
    id: 'argument-ttl-negative',
    says: 'A negative `x-message-ttl` is refused.',
    source: 'docs/ttl',
    fields: { 'x-message-ttl': -1 },
    refusal: ['x-message-ttl', '{value_negative,-1}'],
  },
  {
    id: 'argument-ttl-text',
    says: 'An `x-message-ttl` that is no number is refused.',
    source: 'docs/ttl',
    fields: { 'x-message-ttl': '1000' },
    refusal: ['x-message-ttl', '{unacceptable_type,longstr}'],
  },
  {
    id: 'argument-ttl-large',
    says: 'An `x-message-ttl` beyond 2^32-1 ms is refused.',
    source: 'docs/ttl, server',
    fields: { 'x-message-ttl': 4_294_967_296n },
    refusal: ['x-message-ttl', '{value_too_big,4294967296}'],
  },
  {
    id: 'argument-expires-zero',
    says: '`x-expires` of 0 is refused.',
    source: 'docs/ttl',
    fields: { 'x-expires': 0 },
    refusal: ['x-expires', '{value_zero,0}'],
  },
  {
    id: 'argument-expires-negative',
    says: 'A negative `x-expires` is refused.',
    source: 'docs/ttl',
    fields: { 'x-expires': -5 },
    refusal: ['x-expires', '{value_negative,-5}'],
  },
  {
    id: 'argument-length-negative',
    says: 'A negative `x-max-length` is refused.',
    source: 'docs/maxlength',
    fields: { 'x-max-length': -1 },
    refusal: ['x-max-length', '{value_negative,-1}'],
  },
  {
    id: 'argument-length-bytes-text',
    says: 'An `x-max-length-bytes` that is no number is refused.',
    source: 'docs/maxlength',
    fields: { 'x-max-length-bytes': 'many' },
    refusal: ['x-max-length-bytes', '{unacceptable_type,longstr}'],
  },
  {
    id: 'argument-overflow',
    says: 'An unknown `x-overflow` is refused.',
    source: 'docs/maxlength',
    fields: { 'x-overflow': 'drop-tail' },
    refusal: ['x-overflow', 'invalid_overflow'],
  },
  {
    id: 'argument-priority-large',
    says: '`x-max-priority` is at most 255.',
    source: 'docs/priority',
    fields: { 'x-max-priority': 256 },
    refusal: ['x-max-priority', '{max_value_exceeded,256}'],
  },
  {
    id: 'argument-dead-letter-exchange-type',
    says: 'An `x-dead-letter-exchange` that is no string is refused.',
    source: 'docs/dlx',
    fields: { 'x-dead-letter-exchange': 1 },
    refusal: ['x-dead-letter-exchange', '{unacceptable_type,signedint}'],
  },
  {
    id: 'argument-dead-letter-key-alone',
    says: '`x-dead-letter-routing-key` without an exchange is refused.',
    source: 'docs/dlx',
    fields: { 'x-dead-letter-routing-key': 'k' },
    refusal: ['x-dead-letter-routing-key', 'routing_key_but_no_dlx_defined'],
  },
  {
    id: 'argument-single-active-type',
    says: 'An `x-single-active-consumer` that is no boolean is refused.',
    source: 'docs/consumers',
    fields: { 'x-single-active-consumer': 1 },
    refusal: ['x-single-active-consumer', '{unacceptable_type,signedint}'],
  },
  {
    id: 'argument-queue-mode',
    says: 'An unknown `x-queue-mode` is refused; `default` and `lazy` mean nothing.',
    source: 'docs/lazy-queues',
    fields: { 'x-queue-mode': 'eager' },
    refusal: ['x-queue-mode', 'invalid_queue_mode'],
  },
];

function refusedRow({ id, says, source, fields, refusal: [argument, why] }: ArgumentRow): Behaviour {
  return {
    ...{ id, says: `${says.replace(/\.$/, '')}: 406 PRECONDITION_FAILED, "invalid arg".`, source },
    run: async (bed) => {
      const peer = await bed.peer();
      const name = bed.name('q');
      await peer.refuses(
        queueDeclare(name, fields),
        `406 PRECONDITION_FAILED - invalid arg '${argument}' for queue '${name}' in vhost '/': ${why}`,
      );
    },
  };
}

interface InequivalentRow {
  readonly id: string;
  readonly says: string;
  readonly source: string;
  readonly current: Fields;
  readonly asked: Fields;
  readonly rest?: Parameters<typeof queueDeclare>[2];
  /** After `inequivalent arg `. */
  readonly refusal: readonly [argument: string, received: string, current: string];
}

const inequivalents: readonly InequivalentRow[] = [
  {
    id: 'inequivalent-durable',
    says: 'Another durability',
    source: 'docs/queues, spec 1.7.2.1',
    ...{ current: {}, asked: {}, rest: { durable: false } },
    refusal: ['durable', "'false'", "'true'"],
  },
  {
    id: 'inequivalent-auto-delete',
    says: 'Another auto-delete flag',
    source: 'docs/queues, spec 1.7.2.1',
    ...{ current: {}, asked: {}, rest: { autoDelete: true } },
    refusal: ['auto_delete', "'true'", "'false'"],
  },
  {
    id: 'inequivalent-ttl',
    says: 'Another `x-message-ttl`',
    source: 'docs/queues, docs/ttl',
    current: { 'x-message-ttl': 60_000 },
    asked: { 'x-message-ttl': 70_000 },
    refusal: [
      'x-message-ttl',
      "the value '70000' of type 'signedint'",
      "the value '60000' of type 'signedint'",
    ],
  },
  {
    id: 'inequivalent-ttl-none',
    says: 'An `x-message-ttl` where there was none',
    source: 'docs/queues, docs/ttl',
    current: {},
    asked: { 'x-message-ttl': 70_000 },
    refusal: ['x-message-ttl', "the value '70000' of type 'signedint'", 'none'],
  },
  {
    id: 'inequivalent-dead-letter-exchange',
    says: 'No `x-dead-letter-exchange` where there was one',
    source: 'docs/queues, docs/dlx',
    current: { 'x-dead-letter-exchange': 'amq.fanout' },
    asked: {},
    refusal: ['x-dead-letter-exchange', 'none', "the value 'amq.fanout' of type 'longstr'"],
  },
  {
    id: 'inequivalent-length',
    says: 'Another `x-max-length`',
    source: 'docs/queues, docs/maxlength',
    current: { 'x-max-length': 1_000 },
    asked: { 'x-max-length': 2_000 },
    refusal: ['x-max-length', "the value '2000' of type 'signedint'", "the value '1000' of type 'signedint'"],
  },
  {
    id: 'inequivalent-priority',
    says: '`x-max-priority` where there was none',
    source: 'docs/queues, docs/priority',
    current: {},
    asked: { 'x-max-priority': 5 },
    refusal: ['x-max-priority', "the value '5' of type 'signedint'", 'none'],
  },
  {
    id: 'inequivalent-type',
    says: 'Another `x-queue-type`',
    source: 'docs/queues, docs/quorum-queues',
    current: {},
    asked: { 'x-queue-type': 'quorum' },
    refusal: ['x-queue-type', "the value 'quorum' of type 'longstr'", 'none'],
  },
];

function inequivalentRow({ id, says, source, current, asked, rest, refusal }: InequivalentRow): Behaviour {
  const [argument, received, before] = refusal;
  return {
    ...{ id, says: `${says} is 406 PRECONDITION_FAILED, "inequivalent arg".`, source },
    run: async (bed) => {
      const { peer, name } = await bed.queue(current);
      await peer.refuses(
        queueDeclare(name, asked, rest),
        `406 PRECONDITION_FAILED - inequivalent arg '${argument}' for queue '${name}' in vhost '/': received ${received} but current is ${before}`,
      );
    },
  };
}

export const queueArgumentBehaviours: BehaviourArea = {
  title: 'Arguments of queues',
  behaviours: [
    ...refused.map(refusedRow),
    ...inequivalents.map(inequivalentRow),
    {
      id: 'argument-number-types',
      says: 'Whole numbers of another size are the same: 1,000 as int32 and as int64.',
      source: 'server',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 1_000 });
        await peer.queue(name, { 'x-max-length': 1_000n });
      },
    },
    {
      id: 'argument-unknown',
      says: 'Arguments that nobody knows are taken and not compared.',
      source: 'docs/queues',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-own': 'a' });
        await peer.queue(name, { 'x-own': 'b' });
      },
    },
    {
      id: 'argument-classic',
      says: '`x-queue-type: classic` is the same as none.',
      source: 'docs/queues',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-queue-type': 'classic' });
        await peer.queue(name);
      },
    },
    {
      id: 'argument-quorum',
      says: 'A quorum queue has to be durable, and is neither exclusive nor auto-delete: 406 PRECONDITION_FAILED.',
      source: 'docs/quorum-queues',
      instead: 'it may be all of these: all queues are replicated, of both types',
      run: async (bed) => {
        const peer = await bed.peer();
        const quorum = { 'x-queue-type': 'quorum' };
        await peer.queue(bed.name('t'), quorum, { durable: false });
        await peer.queue(bed.name('e'), quorum, { exclusive: true });
        await peer.queue(bed.name('a'), quorum, { autoDelete: true });
      },
    },
    {
      id: 'argument-stream',
      says: '`x-queue-type: stream` declares a stream.',
      source: 'docs/streams',
      instead: '406 PRECONDITION_FAILED, as of an unknown type: there are no streams',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        await peer.refuses(
          queueDeclare(name, { 'x-queue-type': 'stream' }),
          `406 PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue '${name}' in vhost '/': "unsupported queue type 'stream'"`,
        );
      },
    },
  ],
};
