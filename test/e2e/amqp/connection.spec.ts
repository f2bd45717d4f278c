import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import rhea from 'rhea';
import { startGateway, type TestGateway } from '../../support/gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme' }],
    amqp: { listener: { anonymousTenant: 'acme' } },
  });
});

afterAll(() => gateway?.stop());

describe('a connection of rhea', () => {
  it('opens, begins a session and closes both', async () => {
    const [host, port] = gateway.amqp.tcp.split(':');
    const connection = rhea.create_container().connect({ host, port: Number(port), reconnect: false });
    const [opened] = await event(connection, 'connection_open');
    expect(opened.connection.container_id).toBe('pulsegate');
    connection.close();
    await event(connection, 'connection_close');
  });
});

function event(connection: rhea.Connection, name: string): Promise<[rhea.EventContext]> {
  return new Promise((resolve, reject) => {
    connection.once(name, (context: rhea.EventContext) => resolve([context]));
    connection.once('disconnected', (context: rhea.EventContext) => reject(new Error(String(context.error))));
    connection.once('connection_error', () => reject(connection.error));
  });
}
