// What limits cost that nobody reaches: CPU time of a gateway per message, with limits of every entity and kind and without any.
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { publishLoad as publishAmqp091 } from './amqp091-load/publishing.js';
import { inBenchPlace, say } from './bench-place.js';
import { publishLoad as publishMqtt } from './mqtt-load/publishing.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';
import { median } from './statistics.js';

/** CPU time is told in hundredths of a second: of fewer messages one of them would be more than the goal. */
const messages = Number(process.env.PULSEGATE_BENCH_MESSAGES ?? 1_000_000);
const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 5);
const overheadMax = 0.03;
const load = { publishers: 4, window: 500, payloadBytes: 256, messages } as const;

/** So much that nothing is ever slowed. */
const traffic = {
  ...{ bytesIn: '1000GB/s', bytesOut: '1000GB/s', messagesIn: '1000000000/s', messagesOut: '1000000000/s' },
  requests: '1000000000/s',
};
const everything = { ...traffic, clients: [{ user: '*', clientId: '*', ...traffic }] };

/** One message each: nothing is counted for several at once. */
const publishing: Readonly<Record<string, (gateway: TestGateway, run: number) => Promise<unknown>>> = {
  'MQTT, QoS 1': ({ mqtt }, run) =>
    publishMqtt({ ...load, endpoint: mqtt.tcp, topic: `quotas-${run}`, qos: 1, retain: false }),
  'AMQP 0-9-1, confirms': ({ amqp }, run) =>
    publishAmqp091({ ...load, endpoint: amqp.tcp, queue: `quotas-${run}` }),
};

async function main(): Promise<void> {
  const report = new Report();
  await inBenchPlace(async ({ pulsar }) => {
    const gatewayWith = (namespace: string, limits: Record<string, unknown>, gatewayLimits: object) =>
      startGateway({
        tenants: [{ name: 'bench', namespace, permissions: [allowAll], limits }],
        ...{
          mqtt: { listener: { anonymousTenant: 'bench' } },
          amqp: { listener: { anonymousTenant: 'bench' } },
        },
        config: {
          pulsar: { serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl },
          ...{ log: { level: 'warn' }, limits: { ...gatewayLimits } },
        },
      });
    const gateways = {
      without: await gatewayWith('bench/without', {}, {}),
      with: await gatewayWith('bench/with', everything, traffic),
    };
    try {
      for (const [what, publish] of Object.entries(publishing)) {
        const cpu: Record<keyof typeof gateways, number[]> = { without: [], with: [] };
        for (let run = 0; run <= runs; run++) {
          // In turns, so that what else the machine does meets both; the first run warms up.
          for (const kind of run % 2 === 0
            ? (['without', 'with'] as const)
            : (['with', 'without'] as const)) {
            const before = cpuSeconds(gateways[kind].pid);
            await publish(gateways[kind], run);
            const each = ((cpuSeconds(gateways[kind].pid) - before) * 1e6) / messages;
            say(`${what}, ${kind} limits, run ${run}: ${each.toFixed(2)} us of CPU per message`);
            if (run > 0) cpu[kind].push(each);
          }
        }
        report.told(`${what}: CPU us per message without limits`, cpu.without);
        const overheads = cpu.with.map((each, at) => each / cpu.without[at]! - 1);
        say(`${what}: ${(100 * (median(cpu.with) / median(cpu.without) - 1)).toFixed(1)} %, of medians`);
        report.atMost(`${what}: overhead of limits`, overheads, overheadMax);
      }
    } finally {
      await Promise.all(Object.values(gateways).map((gateway) => gateway.stop()));
    }
  });
  report.print();
}

await main();
