import { expect } from '@jest/globals';
import { ErrorWithReasonCode, type IClientOptions } from 'mqtt';
import { ScramClient } from '../../../libs/kafka-gateway/src/testing/scram-client.js';
import type { Wall } from '../wall.js';
import type { MqttSide } from './mqtt-side.js';

const lasting: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 60 } };

/** What CONNACK says. */
async function refusal(connecting: Promise<unknown>): Promise<number> {
  const error: unknown = await connecting.then(
    () => 'connected',
    (reason: unknown) => reason,
  );
  if (error instanceof ErrorWithReasonCode) return error.code;
  throw new Error(`no refusal but ${String(error)}`);
}

export const sessionWalls: readonly Wall<MqttSide>[] = [
  {
    operation: 'CONNECT',
    tries: 'the other’s password, and its user with the own one',
    run: async (one, other) => {
      expect(await refusal(one.connect('guess', { password: other.secret }))).toBe(0x86);
      expect(await refusal(one.connect('guess', { username: other.user }))).toBe(0x86);
    },
  },
  {
    operation: 'CONNECT',
    tries: 'one client identifier, connected at the same time',
    run: async (one, other, name) => {
      const clients = [await one.connect(name), await other.connect(name), await other.sends(`${name}-2`)];
      await one.says(name);
      expect(clients.map(({ connected }) => connected)).toEqual([true, true, true]);
    },
  },
  {
    operation: 'CONNECT',
    tries: 'a session of one client identifier: taken over by its own tenant alone, each with what it missed',
    run: async (one, other, name) => {
      for (const side of [one, other]) {
        const sleeper = await side.connect(name, lasting);
        await sleeper.subscribeAsync(`${name}/#`, { qos: 1 });
      }
      // The tenant's own connection with the id is taken over, at whichever gateway it is; not the other one.
      const taken = new Promise<number | undefined>((resolve) => {
        one.clients[0]!.once('disconnect', (packet) => resolve(packet.reasonCode));
      });
      const successor = await one.sends(name, lasting);
      expect(await taken).toBe(0x8e);
      expect(other.clients[0]!.connected).toBe(true);
      await Promise.all([successor.endAsync(), other.clients[0]!.endAsync()]);
      for (const side of [one, other]) {
        await side.says(`${name}/1`);
        await side.connect(name, lasting);
        await side.inboxes.at(-1)!.until(side.said);
      }
      const missed = [one, other].map((side) => side.inboxes.at(-1)!.payloads);
      expect(missed).toEqual([[one.said], [other.said]]);
    },
  },
  {
    operation: 'CONNECT',
    tries: 'wills to one topic',
    run: async (one, other, name) => {
      const inboxes = [await one.receives(`${name}/#`), await other.receives(`${name}/#`)] as const;
      for (const [at, side] of [one, other].entries()) {
        const will = {
          topic: `${name}/device`,
          payload: Buffer.from(side.said),
          qos: 1,
          retain: false,
        } as const;
        (await side.sends('device', { will })).stream.destroy();
        await inboxes[at]!.until(side.said);
      }
      expect(inboxes.map(({ payloads }) => payloads)).toEqual([[one.said], [other.said]]);
    },
  },
  {
    operation: 'AUTH',
    tries: 'the other’s password by SCRAM',
    run: async (one, other) => {
      const scram = new ScramClient(one.user, other.secret);
      const properties = { authenticationMethod: 'SCRAM-SHA-256', authenticationData: scram.first() };
      expect(await refusal(one.prove('guess', properties, (data) => scram.final(data)))).toBe(0x86);
    },
  },
  {
    operation: 'DISCONNECT',
    tries: 'the session of one client identifier, ended by one',
    run: async (one, other, name) => {
      const mine = await one.receives(`${name}/#`, name, lasting);
      const theirs = await other.connect(name, lasting);
      await theirs.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
      await one.clients.at(-1)!.endAsync();
      await one.says(`${name}/1`);
      const again = await one.connect(name, lasting);
      await one.inboxes.at(-1)!.until(one.said);
      expect([again.connected, mine.payloads]).toEqual([true, []]);
    },
  },
];
