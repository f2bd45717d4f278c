// A listener in a process of its own, whose memory can be asked for. Run with --expose-gc.
import { Metrics, silentLog } from '#libs/telemetry';
import { Listener } from '../listener.js';
import { type ListenerOptions, listenerDefaults } from '../protocol.js';
import { LineProtocol } from './line-protocol.js';

const overrides = JSON.parse(process.argv[2] ?? '{}') as Partial<ListenerOptions>;
const options = {
  ...listenerDefaults,
  name: 'test',
  protocol: 'line',
  host: '127.0.0.1',
  port: 0,
  ...overrides,
};
const listener = new Listener(options, new LineProtocol(), {
  log: silentLog,
  metrics: new Metrics({ processMetrics: false }),
});
const { port } = await listener.listen();
process.on('message', () => {
  globalThis.gc?.();
  process.send!({ residentBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());
process.send!({ port });
