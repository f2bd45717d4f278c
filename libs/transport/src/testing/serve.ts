import { Metrics, type ProtocolCounters } from '#libs/telemetry';
import { Listener } from '../listener.js';
import { type ListenerInfo, type ListenerOptions, listenerDefaults } from '../protocol.js';
import { LineProtocol } from './line-protocol.js';
import { RecordedLog } from './recorded-log.js';

export interface Served {
  readonly listener: Listener;
  readonly info: ListenerInfo;
  readonly protocol: LineProtocol;
  readonly log: RecordedLog;
  readonly counters: ProtocolCounters;
}

/** A listener of the line protocol on a free loopback port. */
export async function serve(overrides: Partial<ListenerOptions> = {}): Promise<Served> {
  const protocol = new LineProtocol();
  const log = new RecordedLog();
  const metrics = new Metrics({ processMetrics: false });
  const options = {
    ...listenerDefaults,
    name: 'test',
    protocol: 'line',
    host: '127.0.0.1',
    port: 0,
    ...overrides,
  };
  const listener = new Listener(options, protocol, { log, metrics });
  const info = await listener.listen();
  return { listener, info, protocol, log, counters: metrics.protocol('line') };
}
