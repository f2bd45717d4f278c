import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { decodeFieldTable, encodeFieldTable, fieldOf, textField } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import { behaviourPassword } from './behaviour-bed.js';
import { queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { ended } from './peer.js';

const plain = (user: string, password: string) => Buffer.from(`\0${user}\0${password}`);
const refusedText = (mechanism: string) =>
  `403 ACCESS_REFUSED - Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`;

export const handshakeBehaviours: BehaviourArea = {
  title: 'Connections: handshake and authentication',
  behaviours: [
    {
      id: 'header-of-another-version',
      says: 'A protocol header of a version that is not served is answered with `AMQP` 0-0-9-1, and the connection is closed.',
      source: 'spec 4.2.2',
      instead: 'the header that it is answered with is that of AMQP 1.0, which has the same port',
      run: async (bed) => {
        const wire = await bed.wire();
        let came = Buffer.alloc(0);
        wire.link.onData = (bytes) => {
          came = Buffer.concat([came, bytes]);
        };
        wire.sendBytes(Buffer.from('AMQP\x00\x00\x08\x00'));
        await wire.link.closed;
        expect(came).toEqual(Buffer.from('AMQP\x03\x01\x00\x00'));
      },
    },
    {
      id: 'start',
      says: '`connection.start` says version 0-9, the mechanisms, the locale `en_US`, and product and version of the server.',
      source: 'spec 1.4.2.1',
      run: async (bed) => {
        const wire = await bed.wire();
        wire.sendHeader();
        const start = await wire.next('connection.start');
        expect([start.versionMajor, start.versionMinor]).toEqual([0, 9]);
        expect(start.locales.toString()).toBe('en_US');
        expect(start.mechanisms.toString().split(' ')).toEqual(expect.arrayContaining(['PLAIN', 'AMQPLAIN']));
        const names = decodeFieldTable(start.serverProperties).map(([name]) => name);
        expect(names).toEqual(expect.arrayContaining(['capabilities', 'product', 'version', 'platform']));
      },
    },
    {
      id: 'capabilities',
      says: 'Server properties have RabbitMQ’s capabilities, from `publisher_confirms` to `direct_reply_to`.',
      source: 'docs/consumer-cancel, docs/nack, docs/connection-blocked, docs/auth-notification, docs/e2e',
      run: async (bed) => {
        const wire = await bed.wire();
        wire.sendHeader();
        const { serverProperties } = await wire.next('connection.start');
        const capabilities = fieldOf(decodeFieldTable(serverProperties), 'capabilities');
        if (capabilities?.tag !== 'F') throw new Error('there are no capabilities');
        const isTrue = capabilities.value.filter(([, field]) => field.tag === 't' && field.value);
        expect(isTrue.map(([name]) => name).sort()).toEqual([
          ...['authentication_failure_close', 'basic.nack', 'connection.blocked', 'consumer_cancel_notify'],
          ...['consumer_priorities', 'direct_reply_to', 'exchange_exchange_bindings', 'per_consumer_qos'],
          'publisher_confirms',
        ]);
      },
    },
    {
      id: 'plain',
      says: 'A user name and password are taken by PLAIN.',
      source: 'docs/access-control',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.startOk('PLAIN', plain('alice', behaviourPassword));
        await wire.next('connection.tune');
      },
    },
    {
      id: 'amqplain',
      says: 'A user name and password are taken by AMQPLAIN, as a table.',
      source: 'docs/access-control',
      run: async (bed) => {
        const wire = await bed.wire();
        const table = encodeFieldTable([
          ['LOGIN', textField('alice')],
          ['PASSWORD', textField(behaviourPassword)],
        ]);
        await wire.startOk('AMQPLAIN', table);
        await wire.next('connection.tune');
      },
    },
    {
      id: 'wrong-password',
      says: 'A client that can be told so (`authentication_failure_close`) hears 403 ACCESS_REFUSED of a wrong password.',
      source: 'docs/auth-notification',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.startOk('PLAIN', plain('alice', 'wrong'));
        await ended(wire, refusedText('PLAIN'));
      },
    },
    {
      id: 'wrong-password-silent',
      says: 'A client without this capability is closed without a word.',
      source: 'docs/auth-notification, spec 4.10.2',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.startOk('PLAIN', plain('alice', 'wrong'), []);
        await wire.link.closed;
        expect(wire.has('connection.close')).toBe(false);
      },
    },
    {
      id: 'unknown-mechanism',
      says: 'A mechanism that was not offered ends the connection without a word.',
      source: 'server',
      instead: 'a client that can be told of failed logins hears 403 ACCESS_REFUSED',
      run: async (bed) => {
        const wire = await bed.wire();
        await wire.startOk('KERBEROS', plain('alice', behaviourPassword));
        await ended(wire, refusedText('KERBEROS'));
      },
    },
    {
      id: 'vhost-unknown',
      says: 'A vhost that is not there is 530 NOT_ALLOWED at `connection.open`.',
      source: 'docs/vhosts, spec 1.4.2.7',
      run: async (bed) => {
        const opened = bed.peer({ vhost: 'absent' });
        await expect(opened).rejects.toThrow('530 NOT_ALLOWED - vhost absent not found');
      },
    },
    {
      id: 'vhost-no-permissions',
      says: 'A vhost in which the user has no permissions is 530 NOT_ALLOWED at `connection.open`.',
      source: 'docs/access-control',
      instead: 'it is opened, and each operation in it is 403 ACCESS_REFUSED',
      run: async (bed) => {
        const peer = await bed.peer({ user: 'owner@guarded', vhost: 'staging' });
        const name = bed.name('q');
        const refusal = `403 ACCESS_REFUSED - configure access to queue '${name}' in vhost 'staging' refused for user 'owner'`;
        await peer.refuses(queueDeclare(name), refusal);
      },
    },
    {
      id: 'vhost-empty',
      says: 'A vhost is asked for by its name; there is none of the empty name by default.',
      source: 'docs/vhosts',
      instead: 'the empty name is the vhost `/`',
      run: async (bed) => {
        const peer = await bed.peer({ vhost: '' });
        const name = bed.name('q');
        await peer.queue(name);
        await (await bed.peer({ vhost: '/' })).queue(name, {}, { passive: true });
      },
    },
    {
      id: 'vhosts-apart',
      says: 'Vhosts have each their own exchanges, queues and bindings.',
      source: 'docs/vhosts',
      run: async (bed) => {
        const name = bed.name('q');
        const owner = await bed.peer({ user: 'owner@guarded' });
        await owner.queue(name);
        const staging = await bed.peer({ user: 'owner@guarded', vhost: 'staging' });
        await staging.refuses(
          queueDeclare(name, {}, { passive: true }),
          `404 NOT_FOUND - no queue '${name}' in vhost 'staging'`,
        );
      },
    },
    {
      id: 'update-secret',
      says: '`connection.update-secret` takes a newer secret of the same user.',
      source: 'docs/oauth2, spec (RabbitMQ’s extension)',
      run: async (bed) => {
        const { wire } = await bed.peer({ user: 'alice' });
        const newSecret = Buffer.from(behaviourPassword);
        const update = { name: 'connection.update-secret', newSecret, reason: 'it ends soon' } as const;
        await wire.call(update, 'connection.update-secret-ok', 0);
      },
    },
    {
      id: 'update-secret-wrong',
      says: 'A secret that is refused closes the connection with 530 NOT_ALLOWED.',
      source: 'docs/oauth2, server',
      run: async (bed) => {
        const { wire } = await bed.peer({ user: 'alice' });
        wire.send({ name: 'connection.update-secret', newSecret: Buffer.from('x'), reason: '' }, 0);
        await ended(wire, '530 NOT_ALLOWED - New secret was refused by one of the backends');
      },
    },
    {
      id: 'connection-close',
      says: '`connection.close` is answered with close-ok, and then the socket is closed.',
      source: 'spec 1.4.2.9',
      run: async (bed) => {
        const { wire } = await bed.peer();
        const close = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 };
        await wire.call({ name: 'connection.close', ...close }, 'connection.close-ok', 0);
        await wire.link.closed;
      },
    },
    {
      id: 'connection-method-out-of-turn',
      says: 'A method on channel 0 that has no place there now ends the connection: 504 CHANNEL_ERROR.',
      source: 'server, spec 4.2.6',
      instead: '503 COMMAND_INVALID',
      run: async (bed) => {
        const { wire } = await bed.peer();
        wire.send({ name: 'connection.open', virtualHost: '/' }, 0);
        await ended(wire, '503 COMMAND_INVALID - connection.open after connection.open');
      },
    },
  ],
};
