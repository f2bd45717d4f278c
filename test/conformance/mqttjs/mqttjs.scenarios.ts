// The scenarios with mqtt.js, for the argument's jobs; see test/support/mqtt-scenario.ts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import {
  type MqttClientTask,
  type MqttJob,
  type MqttScenario,
  scenarioTimeoutMs,
} from '../../support/mqtt-scenario.js';

const task = JSON.parse(process.argv[2]!) as MqttClientTask;
const ca = readFileSync(task.caFile);
const { version } = createRequire(import.meta.url)('mqtt/package.json') as { version: string };
const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' } as const;

/** The clients and topics of one scenario. */
class Stage {
  readonly #clients: MqttClient[] = [];
  constructor(
    readonly job: MqttJob,
    readonly name: string,
  ) {}

  async connect(role: string, options: IClientOptions = {}): Promise<MqttClient> {
    const { level, transport, prefix } = this.job;
    const path = transport === 'ws' || transport === 'wss' ? task.path : '';
    const client = await mqtt.connectAsync(
      `${schemes[transport]}://${task.host}:${task.ports[transport]}${path}`,
      {
        ...{ protocolVersion: level, ca, servername: task.host, reconnectPeriod: 0 },
        ...{ clientId: `${prefix}-${this.name}-${role}`, connectTimeout: scenarioTimeoutMs },
        ...options,
      },
    );
    this.#clients.push(client);
    return client;
  }

  topic(rest: string): string {
    return `${this.job.prefix}/${this.name}/${rest}`;
  }

  end(): void {
    for (const client of this.#clients) client.end(true);
  }
}

interface Inbox {
  readonly all: IPublishPacket[];
  atLeast(count: number): Promise<readonly IPublishPacket[]>;
}

function inbox(client: MqttClient): Inbox {
  const all: IPublishPacket[] = [];
  let wake = () => {};
  client.on('message', (_topic, _payload, packet) => {
    all.push(packet);
    wake();
  });
  return {
    all,
    atLeast: (count) =>
      new Promise((resolve) => {
        wake = () => {
          if (all.length >= count) resolve(all);
        };
        wake();
      }),
  };
}

function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

const texts = (packets: readonly IPublishPacket[]) => packets.map(({ payload }) => payload.toString());

const scenarios: readonly [MqttScenario, string, (stage: Stage) => Promise<void>][] = [
  ['publish and subscribe', 'pub', publishAndSubscribe],
  ['will', 'will', will],
  ['retained', 'kept', retained],
  ['persistent session', 'session', persistentSession],
  ['shared subscription', 'shared', sharedSubscription],
  ['request/response', 'ask', requestResponse],
];

async function publishAndSubscribe(stage: Stage): Promise<void> {
  const subscriber = await stage.connect('in');
  const received = inbox(subscriber);
  await subscriber.subscribeAsync(stage.topic('+/#'), { qos: 2 });
  const publisher = await stage.connect('out');
  for (const qos of [0, 1, 2] as const) await publisher.publishAsync(stage.topic('a/b'), `q${qos}`, { qos });
  await received.atLeast(3);
  const told = received.all.map(({ payload, qos, topic }) => [payload.toString(), qos, topic]);
  mustBe(
    'received',
    told,
    [0, 1, 2].map((qos) => [`q${qos}`, qos, stage.topic('a/b')]),
  );
}

async function will(stage: Stage): Promise<void> {
  const watcher = await stage.connect('watch');
  const received = inbox(watcher);
  await watcher.subscribeAsync(stage.topic('#'), { qos: 1 });
  const options = { payload: Buffer.from('gone'), qos: 1, retain: false } as const;
  const quiet = await stage.connect('quiet', {
    will: { ...options, topic: stage.topic('quiet') },
  });
  await quiet.endAsync();
  const cut = await stage.connect('cut', { will: { ...options, topic: stage.topic('cut') } });
  cut.stream.destroy();
  await received.atLeast(1);
  mustBe(
    'wills',
    received.all.map(({ topic, payload }) => [topic, payload.toString()]),
    [[stage.topic('cut'), 'gone']],
  );
}

async function retained(stage: Stage): Promise<void> {
  const publisher = await stage.connect('out');
  const publish = (topic: string, text: string, retain: boolean) =>
    publisher.publishAsync(stage.topic(topic), text, { qos: 1, retain });
  await publish('a', 'first', true);
  await publish('a', 'kept', true);
  await publish('b', 'cleared', true);
  await publish('b', '', true);
  const subscriber = await stage.connect('in');
  const received = inbox(subscriber);
  await subscriber.subscribeAsync(stage.topic('+'), { qos: 1 });
  await received.atLeast(1);
  await publish('a', 'end', false);
  await received.atLeast(2);
  mustBe(
    'received',
    received.all.map(({ payload, retain }) => [payload.toString(), retain]),
    [
      ['kept', true],
      ['end', false],
    ],
  );
}

async function persistentSession(stage: Stage): Promise<void> {
  const { level } = stage.job;
  const options = {
    clean: false,
    ...(level === 5 ? { properties: { sessionExpiryInterval: 600 } } : {}),
  };
  const first = await stage.connect('device', options);
  await first.subscribeAsync(stage.topic('#'), { qos: 1 });
  await first.endAsync();
  const publisher = await stage.connect('out');
  for (const text of ['1', '2', '3']) await publisher.publishAsync(stage.topic('t'), text, { qos: 1 });
  let present: boolean | undefined;
  let received: Inbox | undefined;
  const back = mqtt.connect(first.options);
  try {
    received = inbox(back);
    await new Promise<void>((resolve, reject) => {
      back.once('connect', (connack) => {
        present = connack.sessionPresent;
        resolve();
      });
      back.once('error', reject);
    });
    mustBe('session present', present, true);
    await received.atLeast(3);
    mustBe('received', texts(received.all), ['1', '2', '3']);
  } finally {
    back.end(true);
  }
}

async function sharedSubscription(stage: Stage): Promise<void> {
  const members = [await stage.connect('one'), await stage.connect('two')];
  const received: string[] = [];
  const counts = [0, 0];
  const all = Promise.withResolvers<void>();
  for (const [index, member] of members.entries()) {
    member.on('message', (_topic, payload) => {
      counts[index]!++;
      if (received.push(payload.toString()) === 20) all.resolve();
    });
    await member.subscribeAsync(`$share/group/${stage.topic('#')}`, { qos: 1 });
  }
  const publisher = await stage.connect('out');
  const wanted = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const text of wanted) await publisher.publishAsync(stage.topic(`t/${text}`), text, { qos: 1 });
  await all.promise;
  mustBe('each once', [...received].sort(), [...wanted].sort());
  if (counts.includes(0)) throw new Error(`one member got all: ${counts}`);
}

async function requestResponse(stage: Stage): Promise<void> {
  const responder = await stage.connect('server');
  responder.on('message', (_topic, payload, { properties }) => {
    const { responseTopic, correlationData } = properties ?? {};
    responder.publish(responseTopic!, `answer to ${payload}`, {
      qos: 1,
      properties: { correlationData: correlationData! },
    });
  });
  await responder.subscribeAsync(stage.topic('requests'), { qos: 1 });
  const requester = await stage.connect('client', { properties: { requestResponseInformation: true } });
  const received = inbox(requester);
  const answers = stage.topic('answers');
  await requester.subscribeAsync(answers, { qos: 1 });
  const correlationData = Buffer.from([0, 1, 0xff]);
  await requester.publishAsync(stage.topic('requests'), 'question', {
    qos: 1,
    properties: { responseTopic: answers, correlationData },
  });
  const [answer] = await received.atLeast(1);
  mustBe('answer', answer!.payload.toString(), 'answer to question');
  mustBe('correlation', answer!.properties?.correlationData?.toString('hex'), '0001ff');
}

async function perform(job: MqttJob, [scenario, name, play]: (typeof scenarios)[number]): Promise<void> {
  if (scenario === 'request/response' && job.level < 5) return;
  const stage = new Stage(job, name);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('takes too long')), scenarioTimeoutMs);
  let fault: string | undefined;
  try {
    await Promise.race([play(stage), late.promise]);
  } catch (error) {
    fault = (error as Error).message;
  } finally {
    clearTimeout(timer);
    stage.end();
  }
  const { level, transport } = job;
  console.log(JSON.stringify({ level, transport, scenario, fault }));
}

console.log(JSON.stringify({ version: `mqtt.js ${version}` }));
await Promise.all(task.jobs.flatMap((job) => scenarios.map((scenario) => perform(job, scenario))));
process.exit(0);
