import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import {
  encodeFieldTable,
  fieldOf,
  fieldText,
  type FieldTable,
  type FieldValue,
  textField,
} from '#libs/amqp091-codec';
import { nowMs, published, read, stored } from '../testing/mapping-bed.js';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import type { QueueSettings } from '../topology/queue.js';
import type { DeadReason } from './dead-letter.js';
import { deadLetterOf } from './dead-letter.mapping.js';
import { isDeathCycle } from './death-headers.js';

function queueOf(name: string, deadLetterRoutingKey?: string) {
  const settings = { deadLetterExchange: 'dlx', deadLetterRoutingKey } as QueueSettings;
  return { name, settings };
}

/** A message as a consumer of the queue that its dead letter came to is given it. */
function died(message: StoredMessage, queue: string, reason: DeadReason, atMs = nowMs, key?: string) {
  const { message: letter, deaths } = deadLetterOf(message, queueOf(queue, key), reason, atMs);
  return { ...stored(letter).amqp, deaths };
}

/** As amqplib would show it. */
function plain(field: FieldValue | undefined): unknown {
  switch (field?.tag) {
    case 'A':
      return field.value.map(plain);
    case 'F':
      return plainTable(field.value);
    case 'S':
      return fieldText(field);
    default:
      return field !== undefined && 'value' in field ? `${field.tag}${String(field.value)}` : undefined;
  }
}

function plainTable(table: FieldTable): Record<string, unknown> {
  return Object.fromEntries(table.map(([name, value]) => [name, plain(value)]));
}

const seconds = `T${nowMs / 1_000}`;

describe('a dead letter', () => {
  it('says how it died, and does not expire any more', () => {
    const headers = encodeFieldTable([['kept', textField('yes')]]);
    const message = stored(published({ expiration: '500', messageId: 'm', headers }), nowMs + 500).amqp;
    const letter = died(message, 'work', 'expired');
    expect(letter).toMatchObject({
      exchange: 'dlx',
      routingKey: 'eu.paid',
      expiresAtMs: undefined,
      hasDied: true,
    });
    expect(letter.basic).toMatchObject({ messageId: 'm' });
    expect(letter.basic.expiration).toBeUndefined();
    expect(letter.body.toString()).toBe('payload');
    const table = {
      ...{ 'original-expiration': '500', count: 'l1', reason: 'expired', queue: 'work', time: seconds },
      ...{ exchange: 'orders', 'routing-keys': ['eu.paid'] },
    };
    expect(Object.keys((plain(fieldOf(letter.headers, 'x-death')) as object[])[0]!)).toEqual(
      Object.keys(table),
    );
    expect(plainTable(letter.headers)).toEqual({
      'x-death': [table],
      ...{
        'x-first-death-reason': 'expired',
        'x-first-death-queue': 'work',
        'x-first-death-exchange': 'orders',
      },
      ...{
        'x-last-death-reason': 'expired',
        'x-last-death-queue': 'work',
        'x-last-death-exchange': 'orders',
      },
      kept: 'yes',
    });
  });

  it('counts deaths of one queue and reason, the latest first, with the time of the first', () => {
    const message = stored(published()).amqp;
    const first = died(message, 'work', 'rejected');
    const second = died(first, 'retry', 'expired', nowMs + 5_000);
    const third = died(second, 'work', 'rejected', nowMs + 9_000);
    const tables = plain(fieldOf(third.headers, 'x-death'));
    expect(tables).toMatchObject([
      { queue: 'work', reason: 'rejected', count: 'l2', time: seconds, exchange: 'orders' },
      { queue: 'retry', reason: 'expired', count: 'l1', exchange: 'dlx' },
    ]);
    expect(plainTable(third.headers)).toMatchObject({
      ...{ 'x-first-death-queue': 'work', 'x-first-death-exchange': 'orders' },
      ...{ 'x-last-death-queue': 'work', 'x-last-death-exchange': 'dlx' },
    });
    // Another reason is another death.
    expect(plain(fieldOf(died(third, 'work', 'maxlen').headers, 'x-death'))).toHaveLength(3);
  });

  it('believes nothing that a client says of deaths', () => {
    const lie: FieldTable = [
      ['x-death', { tag: 'A', value: [{ tag: 'F', value: [['count', { tag: 'l', value: 9n }]] }] }],
      ['x-first-death-queue', textField('elsewhere')],
    ];
    const message = stored(published({ headers: encodeFieldTable(lie) })).amqp;
    expect(message.hasDied).toBe(false);
    const letter = died(message, 'work', 'rejected');
    expect(plain(fieldOf(letter.headers, 'x-death'))).toMatchObject([{ count: 'l1', queue: 'work' }]);
    expect(letter.headers.filter(([name]) => name === 'x-first-death-queue')).toHaveLength(1);
    // What a consumer publishes again is no dead letter, whatever headers it keeps.
    const again = stored(published({ headers: encodeFieldTable(letter.headers) })).amqp;
    expect(plain(fieldOf(died(again, 'work', 'rejected').headers, 'x-death'))).toMatchObject([
      { count: 'l1' },
    ]);
  });

  it('goes where CC says, too, unless its queue says where it goes', () => {
    const copies: FieldTable = [['CC', { tag: 'A', value: [textField('copy'), { tag: 'I', value: 1 }] }]];
    const message = stored(published({ headers: encodeFieldTable(copies) })).amqp;
    const { message: letter } = deadLetterOf(message, queueOf('work'), 'rejected', nowMs);
    expect([letter.routingKey, letter.properties.routes]).toEqual(['eu.paid', ['copy']]);
    expect(fieldOf(letter.properties.headers, 'CC')).toBeDefined();
    const { message: rekeyed } = deadLetterOf(message, queueOf('work', 'dead'), 'rejected', nowMs);
    expect([rekeyed.routingKey, rekeyed.properties.routes]).toEqual(['dead', []]);
    expect(fieldOf(rekeyed.properties.headers, 'CC')).toBeUndefined();
    expect(plain(fieldOf(rekeyed.properties.headers, 'x-death'))).toMatchObject([
      { 'routing-keys': ['eu.paid', 'copy'] },
    ]);
  });

  it('is what a consumer would be shown of what no 0-9-1 client sent', () => {
    const properties = [
      { key: 'CC', value: 'no array' },
      { key: 'pulsegate.expires-at', value: String(nowMs + 1_000) },
    ];
    const letter = died(read({ value: Buffer.from('v'), key: 'k', properties }), 'work', 'expired');
    expect(letter).toMatchObject({ routingKey: 'work', isOwn: true, hasDied: true });
    expect(plainTable(letter.headers)).toMatchObject({
      ...{ CC: 'no array', 'x-opt-partition-key': 'k' },
      'x-death': [{ queue: 'work', exchange: '', 'routing-keys': ['work'] }],
    });
    expect(plain(fieldOf(letter.headers, 'x-death'))).not.toHaveProperty(['0', 'original-expiration']);
  });
});

describe('a cycle', () => {
  it('is a way back to a queue on which no client has rejected it', () => {
    const message = stored(published()).amqp;
    const expired = died(message, 'retry', 'expired');
    expect(isDeathCycle('retry', expired.deaths)).toBe(true);
    expect(isDeathCycle('work', expired.deaths)).toBe(false);
    const rejected = died(expired, 'work', 'rejected');
    const again = died(rejected, 'retry', 'expired');
    expect(isDeathCycle('retry', again.deaths)).toBe(true);
    expect(isDeathCycle('work', again.deaths)).toBe(false);
  });
});
