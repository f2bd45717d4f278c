import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { ScramClient } from '../../../libs/kafka-gateway/src/testing/scram-client.js';
import type { Wall } from '../wall.js';
import { type AmqpSide, taken } from './amqp-side.js';

export const connectionWalls: readonly Wall<AmqpSide>[] = [
  {
    operation: 'sasl-init',
    tries: 'the other’s password, and its name as authorization identity',
    run: async (one, other) => {
      for (const response of [
        `\0${one.user}\0${other.secret}`,
        `\0${other.user}\0${one.secret}`,
        `${other.user}\0${one.user}\0${one.secret}`,
      ]) {
        const wire = await one.wire();
        expect((await wire.sasl('PLAIN', Buffer.from(response))).code).toBe(1);
      }
    },
  },
  {
    operation: 'sasl-response',
    tries: 'the other’s password by SCRAM',
    run: async (one, other) => {
      const wire = await one.wire();
      const scram = new ScramClient(one.user, other.secret);
      wire.sendHeader('sasl');
      await wire.header();
      await wire.next('sasl-mechanisms');
      wire.sendSasl({ type: 'sasl-init', mechanism: 'SCRAM-SHA-256', initialResponse: scram.first() });
      const { challenge } = await wire.next('sasl-challenge');
      wire.sendSasl({ type: 'sasl-response', response: scram.final(challenge) });
      expect((await wire.next('sasl-outcome')).code).toBe(1);
    },
  },
  {
    operation: 'open',
    tries: 'the other’s name as host name; one container id, connected at the same time',
    run: async (one, other) => {
      const wire = await one.wire();
      await wire.sasl('PLAIN', Buffer.from(`\0${one.user}\0${one.secret}`));
      wire.sendHeader('amqp');
      await wire.header();
      wire.sendOpen({ hostname: `vhost:${other.settings.tenant}` });
      expect(await wire.closeCondition()).toBe('amqp:not-allowed');
      const both = await Promise.all([one.connect(), other.connect()]);
      for (const each of both) await each.close();
    },
  },
  {
    operation: 'begin',
    tries: 'sessions on one channel number',
    run: async (one, other, name) => {
      const [mine, theirs] = await Promise.all([one.connect(), other.connect()]);
      await Promise.all([mine.begin(3), theirs.begin(3)]);
      await mine.attachReceiver(name, { channel: 3 });
      await other.sends(name);
      await one.sends(name);
      expect(await taken(mine)).toBe(one.said);
      expect(theirs.has('transfer')).toBe(false);
    },
  },
  {
    operation: 'end',
    tries: 'the session that both have, ended by one',
    run: async (one, other, name) => {
      const mine = await one.receives({ address: name });
      const theirs = await other.receives({ address: name });
      theirs.send({ type: 'end' });
      await theirs.first('end');
      await one.sends(name);
      expect(await taken(mine)).toBe(one.said);
    },
  },
  {
    operation: 'close',
    tries: 'one container id, closed by one',
    run: async (one, other, name) => {
      const mine = await one.receives({ address: name });
      await (await other.receives({ address: name })).close();
      await one.sends(name);
      expect(await taken(mine)).toBe(one.said);
    },
  },
];
