// ChurnMembers.java, in kafkajs: see test/support/churn-process.ts for the lines.
import { createInterface } from 'node:readline';
import kafkajs, {
  type Consumer,
  type EachBatchPayload,
  type KafkaMessage,
  type PartitionAssigner,
} from 'kafkajs';

const { AssignerProtocol, Kafka, logLevel } = kafkajs;
const [bootstrap = '', topic = '', partitionCount, sessionTimeoutMs, rebalanceTimeoutMs] =
  process.argv.slice(2);
const partitions = Number(partitionCount);
/** Each when it has joined: kafkajs forgets that it is to leave when it is told so before. */
const joined = new Map<string, { readonly member: Member; readonly running: Promise<Consumer> }>();

/** With the name and the metadata of Java's RoundRobinAssignor, so that both are members of one group. */
const roundRobin: PartitionAssigner = () => ({
  name: 'roundrobin',
  version: 0,
  assign({ members, topics }) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const shares = new Map(ids.map((id) => [id, [] as number[]]));
    for (let partition = 0; partition < partitions; partition++) {
      shares.get(ids[partition % ids.length]!)!.push(partition);
    }
    return Promise.resolve(
      [...shares].map(([memberId, share]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment: { [topics[0]!]: share },
          userData: Buffer.alloc(0),
        }),
      })),
    );
  },
  protocol: ({ topics }) => ({
    name: 'roundrobin',
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
});

/** Record number n is the one at place n / partitions of its partition, whatever its offset is. */
function placeOf({ value }: KafkaMessage): number {
  return Math.floor(Number(value!.toString('latin1').split(' ', 2)[1]) / partitions);
}

class Member {
  private owned: readonly number[] = [];
  /** kafkajs hides an error of a commit from a consumer that stops: only this says that one was stored. */
  private commits = 0;
  /** What it processes now cannot be committed any more. */
  leaving = false;

  constructor(
    private readonly name: string,
    private readonly consumer: Consumer,
  ) {}

  tell(what: string): void {
    process.stdout.write(`${this.name} ${Date.now()} ${what}\n`);
  }

  watch(): void {
    const { consumer } = this;
    const { GROUP_JOIN, REBALANCING, CRASH, COMMIT_OFFSETS } = consumer.events;
    consumer.on(COMMIT_OFFSETS, () => this.commits++);
    consumer.on(REBALANCING, () => this.revoked());
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.revoked();
      this.owned = payload.memberAssignment[topic] ?? [];
      this.tell(['assigned', ...this.owned].join(' '));
    });
    consumer.on(CRASH, ({ payload: { error, restart } }) => {
      this.revoked();
      // It tries again by itself, with a member of another id.
      this.tell(`${restart ? 'again' : 'failed'} ${String(error).replaceAll('\n', ' ')}`);
    });
  }

  revoked(): void {
    if (this.owned.length > 0) this.tell(['revoked', ...this.owned].join(' '));
    this.owned = [];
  }

  async take({ batch: { partition, messages }, heartbeat }: EachBatchPayload): Promise<void> {
    if (messages.length === 0) return;
    const first = placeOf(messages[0]!);
    let place = first;
    for (const message of messages) {
      const found = placeOf(message);
      if (found !== place) this.tell(`wrong ${partition} ${message.offset} ${found} instead of ${place}`);
      place++;
    }
    const next = Number(messages.at(-1)!.offset) + 1;
    this.tell(`read ${partition} ${first} ${place - 1}`);
    this.tell(`committing ${partition}=${next}:${place}`);
    const { commits } = this;
    try {
      await this.consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
      if (this.commits > commits) this.tell(`committed ${partition}=${next}:${place}`);
      else this.tell('uncommitted the consumer stops');
    } catch (error) {
      this.tell(`uncommitted ${String(error).replaceAll('\n', ' ')}`);
      if (this.leaving) return;
      throw error;
    }
    await heartbeat();
  }
}

function join(name: string, groupId: string): void {
  const kafka = new Kafka({
    clientId: name,
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 100 },
  });
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: Number(sessionTimeoutMs),
    rebalanceTimeout: Number(rebalanceTimeoutMs),
    heartbeatInterval: 1_000,
    metadataMaxAge: 5_000,
    maxWaitTimeInMs: 500,
    partitionAssigners: [roundRobin],
  });
  const member = new Member(name, consumer);
  member.tell('joining');
  member.watch();
  joined.set(name, { member, running: run(consumer, member) });
}

async function run(consumer: Consumer, member: Member): Promise<Consumer> {
  // As an application does at its start: kafkajs gives a request up that was not answered in time.
  for (;;) {
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: (payload) => member.take(payload) });
      break;
    } catch (error) {
      const isTimeout = (error as Error).name === 'KafkaJSRequestTimeoutError';
      member.tell(`${isTimeout ? 'again' : 'failed'} ${String(error).replaceAll('\n', ' ')}`);
      if (!isTimeout) break;
    }
  }
  return consumer;
}

async function leave(name: string): Promise<void> {
  const left = joined.get(name);
  joined.delete(name);
  if (left === undefined) return;
  const consumer = await left.running;
  left.member.leaving = true;
  await consumer.disconnect();
  process.stdout.write(`${name} ${Date.now()} left\n`);
}

// kafkajs's request queue asks Node 24 for negative timeouts, which only makes it print a warning.
process.removeAllListeners('warning');
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [what, name = '', group = ''] = line.split(' ');
    if (what === 'join') join(name, group);
    else if (what === 'leave') void leave(name);
  })
  .once('close', () => {
    void Promise.all([...joined.keys()].map(leave)).then(() => process.exit(0));
  });
