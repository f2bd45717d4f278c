// Enhanced authentication of MQTT 5, and WebSocket.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type AuthPacket, encodePacket } from '#libs/mqtt-codec';
import { rawConnect } from './malformed.js';
import { mustBe, type Script, type ScriptBed } from './script.js';

const method = { authenticationMethod: 'PLAIN' };
const authentication = (reasonCode: number, text: string, authenticationMethod = 'PLAIN'): AuthPacket => ({
  ...{ type: 'auth', reasonCode },
  properties: { authenticationMethod, authenticationData: Buffer.from(text) },
});
const right = '\0paula\0secret';

async function exchange(bed: ScriptBed): Promise<void> {
  const wire = await bed.open();
  wire.sendConnect({ properties: method });
  const asked = await wire.next('auth');
  mustBe('AUTH', [asked.reasonCode, asked.properties.authenticationMethod], [0x18, 'PLAIN']);
  wire.send(authentication(0x18, right));
  const connack = await wire.next('connack');
  mustBe('CONNACK', [connack.reasonCode, connack.properties.authenticationMethod], [0, 'PLAIN']);
  wire.send(authentication(0x19, right));
  const again = await wire.next('auth');
  mustBe('re-authentication', [again.reasonCode, again.properties.authenticationMethod], [0, 'PLAIN']);
  wire.send(authentication(0x19, '\0paula\0wrong'));
  const code = await wire.refusal();
  mustBe('with a wrong password', code === 0x86 || code === 0x87, true);
}

async function otherMethod(bed: ScriptBed): Promise<void> {
  const wire = await bed.open();
  wire.sendConnect({ properties: { ...method, authenticationData: Buffer.from(right) } });
  mustBe('CONNACK', (await wire.next('connack')).reasonCode, 0);
  wire.send(authentication(0x19, right, 'SCRAM-SHA-256'));
  const code = await wire.refusal();
  mustBe('another method', code === 0x8c || code === 0x82, true);
}

async function refused(bed: ScriptBed): Promise<void> {
  const unknown = await bed.open();
  unknown.sendConnect({ properties: { authenticationMethod: 'ROT13' } });
  const code = await unknown.refusal();
  mustBe('an unknown method', code === 0x8c || code === 0x87, true);
  const wrong = await bed.open();
  wrong.sendConnect({ properties: method });
  await wrong.next('auth');
  wrong.send(authentication(0x18, '\0paula\0wrong'));
  mustBe('a wrong password', await wrong.refusal(), 0x86);
}

async function outOfTurn(bed: ScriptBed): Promise<void> {
  const hasty = await bed.open();
  hasty.sendConnect({ properties: method });
  await hasty.next('auth');
  hasty.send({ type: 'pingreq' });
  mustBe('PINGREQ before CONNACK', await hasty.refusal(), 0x82);
  const renewing = await bed.open();
  renewing.sendConnect({ properties: method });
  await renewing.next('auth');
  renewing.send(authentication(0x19, right));
  mustBe('0x19 before CONNACK', await renewing.refusal(), 0x82);
}

async function withoutMethod(bed: ScriptBed): Promise<void> {
  const wire = await bed.open();
  const connack = await wire.connect({ userName: 'paula', password: Buffer.from('secret') });
  mustBe('CONNACK', [connack.reasonCode, connack.properties.authenticationMethod], [0, undefined]);
  wire.send(authentication(0x19, right));
  mustBe('AUTH', await wire.refusal(), 0x82);
}

async function webSocket({ webSocketUrl, level }: ScriptBed): Promise<void> {
  const socket = new WebSocket(webSocketUrl, ['other', 'mqtt']);
  const received: Buffer[] = [];
  let text = false;
  const enough = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer, isBinary) => {
    text ||= !isBinary;
    received.push(data);
    if (Buffer.concat(received).toString('hex').endsWith('d000d000')) enough.resolve();
  });
  await once(socket, 'open');
  mustBe('the subprotocol', socket.protocol, 'mqtt');
  // CONNECT in three frames, the last with half of a PINGREQ; then the rest of it, and another one.
  const connect = rawConnect({ version: level });
  for (const part of [connect.subarray(0, 1), connect.subarray(1, 7)]) socket.send(part);
  const ping = encodePacket({ type: 'pingreq' }, level);
  socket.send(Buffer.concat([connect.subarray(7), ping.subarray(0, 1)]));
  socket.send(Buffer.concat([ping.subarray(1), ping]));
  await enough.promise;
  mustBe('CONNACK', Buffer.concat(received)[0], 0x20);
  mustBe('text frames', text, false);
  socket.send('text');
  await once(socket, 'close');
}

async function noSubprotocol({ webSocketUrl }: ScriptBed): Promise<void> {
  for (const protocols of [[], ['other']]) {
    const socket = new WebSocket(webSocketUrl, protocols);
    const opened = await new Promise<boolean>((resolve) => {
      socket.on('open', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.terminate();
    mustBe(`with ${protocols.join() || 'no subprotocol'}`, opened, false);
  }
}

export const webSocketScript = {
  name: 'packets in WebSocket frames that are cut elsewhere, and a text frame',
  run: webSocket,
} as const;
export const subprotocolScript = { name: 'WebSocket without the subprotocol', run: noSubprotocol } as const;

export const transportScripts5: readonly Script[] = [
  {
    name: 'authentication by AUTH packets, and again, and with a wrong password',
    statements: ['3.15.2-1', '4.12.0-2', '4.12.0-5', '4.12.1-2'],
    run: exchange,
  },
  { name: 're-authentication by another method', statements: ['4.12.1-1', '4.12.1-2'], run: otherMethod },
  { name: 'an unknown method, a wrong password', statements: ['4.12.0-1', '4.12.0-4'], run: refused },
  {
    name: 'other packets than AUTH 0x18 before CONNACK',
    statements: ['3.1.2-30', '4.12.0-3'],
    run: outOfTurn,
  },
  { name: 'AUTH without an authentication method', statements: ['4.12.0-6', '4.12.0-7'], run: withoutMethod },
  { ...webSocketScript, statements: ['4.2-1', '6.0.0-1', '6.0.0-2', '6.0.0-4'] },
  { ...subprotocolScript, statements: ['6.0.0-3'] },
];
