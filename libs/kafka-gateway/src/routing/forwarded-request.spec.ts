import { describe, expect, it } from '@jest/globals';
import type { Log } from '#libs/telemetry';
import { ForwardedLogs, type RequestOrigin } from './forwarded-request.js';

const origin: RequestOrigin = {
  ...{ tenant: 'acme', user: 'ann', groups: [], anonymous: false, source: 'password' },
  ...{ listener: 'public', remoteAddress: '192.0.2.7', remotePort: 4_711 },
};

describe('the log of a client at another gateway', () => {
  it('tells a refusal once, though each of its requests comes alone', () => {
    const lines: string[] = [];
    const write = (level: string) => (_fields: object, message: string) => lines.push(`${level} ${message}`);
    const log = { debug: write('debug'), warn: write('warn') } as unknown as Log;
    const logs = new ForwardedLogs(log);
    for (let count = 0; count < 3; count++) logs.of(origin, 1).refusal('UNKNOWN_MEMBER_ID', 'no');
    logs.of({ ...origin, user: 'bob' }, 1).refusal('UNKNOWN_MEMBER_ID', 'no');
    expect(lines).toEqual(['warn no', 'debug no', 'debug no', 'warn no']);
  });
});
