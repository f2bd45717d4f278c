// The scenarios with mosquitto_pub and mosquitto_sub, for the argument's jobs; see test/support/mqtt-scenario.ts.
// The folder of the programs is in MOSQUITTO_FOLDER.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type MqttClientTask,
  type MqttJob,
  type MqttScenario,
  scenarioTimeoutMs,
} from '../../support/mqtt-scenario.js';

const task = JSON.parse(process.argv[2]!) as MqttClientTask;
const folder = process.env.MOSQUITTO_FOLDER ?? '/usr/bin';

class Running {
  readonly lines: string[] = [];
  readonly ended: Promise<number | null>;
  #said = '';

  constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (data: Buffer) => {
      this.#said += data.toString();
      const lines = this.#said.split('\n');
      this.#said = lines.pop()!;
      this.lines.push(...lines);
    });
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const end = Date.now() + scenarioTimeoutMs;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`${what} takes too long: ${this.lines.slice(-5).join(' | ')}`);
      await delay(5);
    }
  }

  /** What it was sent: text, or text and RETAIN and QoS. */
  get messages(): string[] {
    return this.lines.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
  }

  async received(count: number): Promise<string[]> {
    await this.until(`${count} messages`, () => this.messages.length >= count);
    return this.messages;
  }
}

class Stage {
  readonly #running: Running[] = [];
  constructor(
    readonly job: MqttJob,
    readonly name: string,
  ) {}

  topic(rest: string): string {
    return `${this.job.prefix}/${this.name}/${rest}`;
  }

  run(program: 'sub' | 'pub', role: string, args: readonly string[]): Running {
    const { level, transport, prefix } = this.job;
    const common = [
      ...['-h', task.host, '-p', `${task.ports[transport]}`, '-V', level === 5 ? 'mqttv5' : 'mqttv311'],
      ...['-i', `${prefix}-${this.name}-${role}`],
      ...(transport === 'tls' ? ['--cafile', task.caFile] : []),
    ];
    // By lines: into a pipe they are written when many have come together.
    const child = spawn('stdbuf', ['-oL', `${folder}/mosquitto_${program}`, ...common, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new Running(child);
    this.#running.push(running);
    return running;
  }

  /** Subscribed when it resolves. */
  async subscribe(role: string, filter: string, ...args: readonly string[]): Promise<Running> {
    const running = this.run('sub', role, ['-d', '-t', filter, '-F', '> %p', ...args]);
    await running.until('subscribing', () => running.lines.some((line) => line.startsWith('Subscribed ')));
    return running;
  }

  async publish(topic: string, text: string, ...args: readonly string[]): Promise<void> {
    const message = text === '' ? ['-n'] : ['-m', text];
    const code = await this.run('pub', 'out', ['-t', topic, '-q', '1', ...message, ...args]).ended;
    if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}`);
  }

  end(): void {
    for (const { child } of this.#running) child.kill('SIGKILL');
  }
}

function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

async function publishAndSubscribe(stage: Stage): Promise<void> {
  const subscriber = await stage.subscribe('in', stage.topic('+/#'), '-q', '2', '-F', '> %p %q');
  for (const qos of ['0', '1', '2']) await stage.publish(stage.topic('a/b'), `q${qos}`, '-q', qos);
  mustBe('received', await subscriber.received(3), ['q0 0', 'q1 1', 'q2 2']);
}

async function will(stage: Stage): Promise<void> {
  const watcher = await stage.subscribe('watch', stage.topic('#'), '-q', '1', '-F', '> %t %p');
  const stop = `${stage.job.prefix}-stop`;
  const withWill = (name: string) => {
    const message = ['--will-topic', stage.topic(name), '--will-payload', 'gone', '--will-qos', '1'];
    return stage.subscribe(name, stop, '-C', '1', ...message);
  };
  // At level 5 a signal makes it ask for its will: this is how it ends without.
  const quiet = await withWill('quiet');
  await stage.publish(stop, 'stop');
  await quiet.ended;
  (await withWill('cut')).child.kill('SIGKILL');
  mustBe('wills', await watcher.received(1), [`${stage.topic('cut')} gone`]);
}

async function retained(stage: Stage): Promise<void> {
  await stage.publish(stage.topic('a'), 'first', '-r');
  await stage.publish(stage.topic('a'), 'kept', '-r');
  await stage.publish(stage.topic('b'), 'cleared', '-r');
  await stage.publish(stage.topic('b'), '', '-r');
  const subscriber = await stage.subscribe('in', stage.topic('+'), '-F', '> %p %r');
  await subscriber.received(1);
  await stage.publish(stage.topic('a'), 'end');
  mustBe('received', await subscriber.received(2), ['kept 1', 'end 0']);
}

async function persistentSession(stage: Stage): Promise<void> {
  const lasting = ['-c', '-q', '1', ...(stage.job.level === 5 ? ['-x', '600'] : [])];
  const device = await stage.subscribe('device', stage.topic('#'), ...lasting);
  device.child.kill('SIGTERM');
  await device.ended;
  for (const text of ['1', '2', '3']) await stage.publish(stage.topic('t'), text);
  const back = await stage.subscribe('device', stage.topic('#'), ...lasting);
  mustBe('received', await back.received(3), ['1', '2', '3']);
}

async function sharedSubscription(stage: Stage): Promise<void> {
  const filter = `$share/group/${stage.topic('#')}`;
  const members = [
    await stage.subscribe('one', filter, '-q', '1'),
    await stage.subscribe('two', filter, '-q', '1'),
  ];
  const wanted = Array.from({ length: 8 }, (_, index) => `${index}`);
  for (const text of wanted) await stage.publish(stage.topic(`t/${text}`), text);
  const received = () => members.flatMap(({ messages }) => messages);
  await members[0]!.until('all messages', () => received().length >= wanted.length);
  mustBe('each once', received().sort(), wanted);
}

async function requestResponse(stage: Stage): Promise<void> {
  const responder = await stage.subscribe('server', stage.topic('requests'), '-q', '1', '-F', '> %R %D %p');
  const [requests, answers] = [stage.topic('requests'), stage.topic('answers')];
  const requester = await stage.subscribe('client', answers, '-q', '1', '-F', '> %D %p');
  const properties = ['-D', 'publish', 'response-topic', answers, '-D', 'publish', 'correlation-data', 'abc'];
  await stage.publish(requests, 'question', ...properties);
  const [request] = await responder.received(1);
  mustBe('request', request, `${answers} abc question`);
  await stage.publish(answers, 'answer', '-D', 'publish', 'correlation-data', 'abc');
  mustBe('answer', await requester.received(1), ['abc answer']);
}

const scenarios: readonly [MqttScenario, string, (stage: Stage) => Promise<void>][] = [
  ['publish and subscribe', 'pub', publishAndSubscribe],
  ['will', 'will', will],
  ['retained', 'kept', retained],
  ['persistent session', 'session', persistentSession],
  ['shared subscription', 'shared', sharedSubscription],
  ['request/response', 'ask', requestResponse],
];

async function perform(job: MqttJob, [scenario, name, play]: (typeof scenarios)[number]): Promise<void> {
  if (scenario === 'request/response' && job.level < 5) return;
  const stage = new Stage(job, name);
  let fault: string | undefined;
  try {
    await play(stage);
  } catch (error) {
    fault = (error as Error).message;
  } finally {
    stage.end();
  }
  const { level, transport } = job;
  console.log(JSON.stringify({ level, transport, scenario, fault }));
}

const help = spawnSync(`${folder}/mosquitto_sub`, ['--help'], { encoding: 'utf8' });
const [, version = ''] = /mosquitto_sub version (\S+)/.exec(`${help.stdout}${help.stderr}`) ?? [];
console.log(JSON.stringify({ version: `mosquitto-clients ${version}` }));
await Promise.all(task.jobs.flatMap((job) => scenarios.map((scenario) => perform(job, scenario))));
