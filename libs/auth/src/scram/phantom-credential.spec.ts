import { describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { Authenticator } from '../authenticator.js';
import { converse } from '../testing/scram-client.js';
import { tenants } from '../testing/tenants.js';

describe('tenants that do not exist', () => {
  it('are not told from others by the salts of users who do not, however and wherever they are asked for', async () => {
    const listeners = [
      { name: 'default', defaultTenant: 'acme' },
      { name: 'free' },
      { name: 'demo', tenant: 'demo' },
    ];
    const authenticator = new Authenticator({
      ...{ users: [], tenants, listeners, log: silentLog, failureFloorMs: 0, failuresPerAddressBurst: 1_000 },
    });
    const saltOf = async (listener: string, username: string) => {
      const exchange = authenticator.scram('SCRAM-SHA-256', { listener, remoteAddress: '10.0.0.1' });
      return (await converse(exchange, { username, password: 'x' })).challenge!.salt;
    };
    const saltsOf = async (tenant: string) => {
      const salts: string[] = [];
      for (const listener of ['default', 'free', 'demo']) {
        for (const name of [`${tenant}/nobody`, `nobody@${tenant}`]) salts.push(await saltOf(listener, name));
      }
      // Which of them are the same is all that a client can see.
      return salts.map((salt) => salts.indexOf(salt));
    };
    expect(await saltsOf('acme')).toEqual([0, 0, 0, 0, 4, 4]);
    expect(await saltsOf('nowhere')).toEqual([0, 0, 0, 0, 4, 4]);
  });
});
