import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeFieldTable, textField } from '#libs/amqp091-codec';
import { queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { ScramClient } from '../../../libs/kafka-gateway/src/testing/scram-client.js';
import { secondVhost, secretOf, userName } from '../two-tenants.js';
import type { Wall } from '../wall.js';
import { type Amqp091Side, hands } from './amqp091-side.js';

const tenants = { between: ['tenants'] } as const;
const bye = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 };

const userOf = ({ settings }: Amqp091Side) => `${settings.tenant}/${userName}`;

/** What the attempt ends with, which may not say whose the name was. */
async function refused(side: Amqp091Side, mechanism: string, response: Buffer): Promise<void> {
  const wire = await side.wire();
  await wire.startOk(mechanism, response);
  const { replyText, replyCode } = await wire.first('connection.close');
  expect([replyCode, replyText]).toEqual([403, expect.stringMatching(/^ACCESS_REFUSED - /)]);
  expect(replyText).not.toMatch(/acme|beta/);
}

function amqPlain(user: string, password: string): Buffer {
  const table = [
    ['LOGIN', textField(user)],
    ['PASSWORD', textField(password)],
  ] as const;
  // Without the length that tables have in methods.
  return encodeFieldTable(table).subarray(4);
}

export const connectionWalls: readonly Wall<Amqp091Side>[] = [
  {
    operation: 'connection.start-ok',
    tries: 'the other’s password, and its name as authorization identity, by PLAIN and AMQPLAIN',
    ...tenants,
    run: async (one, other) => {
      const [user, secret] = [userOf(one), secretOf(one.settings.tenant)];
      const theirs = secretOf(other.settings.tenant);
      await refused(one, 'PLAIN', Buffer.from(`\0${user}\0${theirs}`));
      await refused(one, 'PLAIN', Buffer.from(`${userOf(other)}\0${user}\0${secret}`));
      await refused(one, 'AMQPLAIN', amqPlain(user, theirs));
    },
  },
  {
    operation: 'connection.secure-ok',
    tries: 'the other’s password by SCRAM',
    ...tenants,
    run: async (one, other) => {
      const wire = await one.wire();
      const scram = new ScramClient(userOf(one), secretOf(other.settings.tenant));
      await wire.startOk('SCRAM-SHA-256', scram.first());
      const { challenge } = await wire.next('connection.secure');
      wire.send({ name: 'connection.secure-ok', response: scram.final(challenge) }, 0);
      const { replyCode } = await wire.first('connection.close');
      expect(replyCode).toBe(403);
    },
  },
  {
    operation: 'connection.open',
    tries: 'names of the other, its vhost, its namespace, paths, escapes and twins of the vhost’s name',
    ...tenants,
    run: async (one, other) => {
      const { tenant, namespace } = other.settings;
      const vhosts = [
        ...[tenant, `/${tenant}`, `%2F${tenant}`, `../${tenant}`, `${tenant}/${secondVhost}`, namespace],
        ...[`persistent://${namespace}`, '%2F', '//', `${secondVhost} `, 'Second', 'se\u0441ond'],
      ];
      const user = userOf(one);
      const password = secretOf(one.settings.tenant);
      await Promise.all(
        vhosts.map(async (vhost) => {
          const wire = await one.wire();
          await expect(wire.open({ user, password, vhost })).rejects.toThrow('(530 NOT_ALLOWED - ');
        }),
      );
    },
  },
  {
    operation: 'connection.open',
    tries: 'a vhost that both have by one name, and beside it the own one',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await mine.queue(name);
      expect(await theirs.hasQueue(name)).toBe(false);
    },
  },
  {
    operation: 'connection.update-secret',
    tries: 'the other’s password on an open connection',
    ...tenants,
    run: async (one, other) => {
      const { wire } = await one.hand();
      const newSecret = Buffer.from(secretOf(other.settings.tenant));
      wire.send({ name: 'connection.update-secret', newSecret, reason: 'walls' }, 0);
      expect((await wire.first('connection.close')).replyCode).toBe(530);
    },
  },
  {
    operation: 'connection.close',
    tries: 'the end of one connection of several with equal names',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await theirs.wire.close();
      await mine.queue(name);
    },
  },
  {
    operation: 'channel.open',
    tries: 'the same channel numbers',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine, theirs].map(({ wire }) => wire.openChannel(7)));
      await mine.wire.call(queueDeclare(name), 'queue.declare-ok', 7);
      await expect(
        theirs.wire.call(queueDeclare(name, [], { passive: true }), 'queue.declare-ok', 7),
      ).rejects.toThrow('channel.close on 7 (404 NOT_FOUND');
      // One's error ended one channel.
      await mine.wire.call(queueDeclare('', [], { exclusive: true }), 'queue.declare-ok', 7);
    },
  },
  {
    operation: 'channel.close',
    tries: 'the same channel number, closed by one',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await theirs.wire.call({ name: 'channel.close', ...bye }, 'channel.close-ok');
      await mine.queue(name);
    },
  },
  {
    operation: 'channel.flow',
    tries: 'flow of the same channel number',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await theirs.wire.call({ name: 'channel.flow', active: true }, 'channel.flow-ok');
      await mine.queue(name);
    },
  },
];
