// What limits cost that nobody reaches: time, and CPU time of the gateway, per message with limits of every entity and kind,
// beside those without any.
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { GatewayReload } from '../support/gateway-reload.js';
import { publishLoad as publishAmqp091 } from './amqp091-load/publishing.js';
import { inBenchPlace, say } from './bench-place.js';
import { publishLoad as publishMqtt } from './mqtt-load/publishing.js';
import { cpuSeconds } from './process-cpu.js';
import { Report } from './report.js';
import { median } from './statistics.js';

const runs = Number(process.env.PULSEGATE_BENCH_RUNS ?? 5);
/** Of each run. A turn is some tenths of a second, so that what else the machine does meets both kinds. */
const turnPairs = 40;
const overheadMax = 0.03;
const load = { publishers: 4, window: 500, payloadBytes: 256 } as const;
const token = 'a-token-of-this-bench';

/** So much that nothing is ever slowed. */
const traffic = {
  ...{ bytesIn: '1000GB/s', bytesOut: '1000GB/s', messagesIn: '1000000000/s', messagesOut: '1000000000/s' },
  requests: '1000000000/s',
};
const everything = { ...traffic, clients: [{ user: '*', clientId: '*', ...traffic }] };

interface Publishing {
  /** Of one turn. */
  readonly messages: number;
  publish(gateway: TestGateway, topic: string, messages: number): Promise<unknown>;
}

/** One message each: nothing is counted for several at once. */
const protocols: Readonly<Record<string, Publishing>> = {
  'MQTT, QoS 1': {
    messages: 100_000,
    publish: ({ mqtt }, topic, messages) =>
      publishMqtt({ ...load, messages, endpoint: mqtt.tcp, topic, qos: 1, retain: false }),
  },
  'AMQP 0-9-1, confirms': {
    messages: 40_000,
    publish: ({ amqp }, queue, messages) => publishAmqp091({ ...load, messages, endpoint: amqp.tcp, queue }),
  },
};

/**
 * One process: two of the same program with the same configuration differ by more than the goal, by what their compilers
 * happened to do.
 */
class LimitedGateway {
  readonly #reload: GatewayReload;

  constructor(readonly gateway: TestGateway) {
    this.#reload = new GatewayReload(gateway, token);
  }

  async set(isLimited: boolean): Promise<void> {
    const reload = this.#reload;
    reload.tenant('bench').limits = isLimited ? everything : {};
    reload.config.limits = isLimited ? traffic : {};
    const { status, body } = await reload.put();
    if (status !== 200) throw new Error(`limits could not be set: ${status} ${JSON.stringify(body)}`);
  }
}

/** Of one message. */
interface Cost {
  readonly us: number;
  readonly cpuUs: number;
}

async function turn(
  limited: LimitedGateway,
  isLimited: boolean,
  { messages, publish }: Publishing,
): Promise<Cost> {
  await limited.set(isLimited);
  const { gateway } = limited;
  const [cpuBefore, before] = [cpuSeconds(gateway.pid), performance.now()];
  await publish(gateway, 'quotas', messages);
  const us = ((performance.now() - before) * 1e3) / messages;
  return { us, cpuUs: ((cpuSeconds(gateway.pid) - cpuBefore) * 1e6) / messages };
}

interface Run {
  readonly without: Cost;
  /** Parts of what it is without them; of the median pair. */
  readonly added: Cost;
}

async function run(limited: LimitedGateway, publishing: Publishing): Promise<Run> {
  const without: Cost[] = [];
  const withLimits: Cost[] = [];
  for (let at = 0; at < turnPairs; at++) {
    const order = at % 2 === 0 ? [false, true] : [true, false];
    for (const isLimited of order) {
      (isLimited ? withLimits : without).push(await turn(limited, isLimited, publishing));
    }
  }
  const added = (kind: keyof Cost) =>
    median(withLimits.map((cost, at) => cost[kind] / without[at]![kind] - 1));
  return {
    without: { us: median(without.map(({ us }) => us)), cpuUs: median(without.map(({ cpuUs }) => cpuUs)) },
    added: { us: added('us'), cpuUs: added('cpuUs') },
  };
}

async function measure(
  limited: LimitedGateway,
  what: string,
  publishing: Publishing,
  report: Report,
): Promise<void> {
  const measured: Run[] = [];
  for (let at = 0; at <= runs; at++) {
    const { without, added } = await run(limited, publishing);
    say(
      `${what}, run ${at}: ${without.us.toFixed(2)} us and ${without.cpuUs.toFixed(2)} us of CPU per message, ` +
        `limits add ${(added.us * 100).toFixed(1)} % and ${(added.cpuUs * 100).toFixed(1)} %`,
    );
    // The first warms up.
    if (at > 0) measured.push({ without, added });
  }
  report.told(
    `${what}: CPU us per message without limits`,
    measured.map(({ without }) => without.cpuUs),
  );
  report.atMost(
    `${what}: time that limits add, part`,
    measured.map(({ added }) => added.us),
    overheadMax,
  );
  report.atMost(
    `${what}: CPU that limits add, part`,
    measured.map(({ added }) => added.cpuUs),
    overheadMax,
  );
}

async function main(): Promise<void> {
  const report = new Report();
  await inBenchPlace(async ({ pulsar: { serviceUrl, adminUrl } }) => {
    const listener = { anonymousTenant: 'bench' };
    const gateway = await startGateway({
      tenants: [{ name: 'bench', namespace: 'bench/quotas', permissions: [allowAll] }],
      ...{ mqtt: { listener }, amqp: { listener } },
      config: { pulsar: { serviceUrl, adminUrl }, log: { level: 'warn' }, admin: { token } },
    });
    try {
      const limited = new LimitedGateway(gateway);
      for (const [what, publishing] of Object.entries(protocols)) {
        await measure(limited, what, publishing, report);
      }
    } finally {
      await gateway.stop();
    }
  });
  report.print();
}

await main();
