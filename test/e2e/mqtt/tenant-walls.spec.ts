// Two tenants that give everything the same names, at one gateway and at two: nothing of one reaches the other.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { MqttInbox } from '../../support/mqtt-inbox.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const names = ['acme', 'beta'] as const;
type Name = (typeof names)[number];

const stateNamespace = `public/pulsegate-walls-${randomBytes(4).toString('hex')}`;
const gateways: TestGateway[] = [];
const clients: MqttClient[] = [];

beforeAll(async () => {
  const tenants = [];
  for (const name of names) {
    const namespace = await createPulsarNamespace(name);
    // The same user name, too.
    const users = [{ name: 'app', password: `secret-of-${name}` }];
    tenants.push({ name, namespace, users, permissions: [allowAll], kafka: { autoCreateTopics: true } });
  }
  const options = {
    ...{ tenants, stateNamespace, mqtt: {} },
    config: { mqtt: { systemTopicsIntervalMs: 200 } },
  };
  gateways.push(...(await Promise.all([startGateway(options), startGateway(options)])));
}, 120_000);

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

/** One tenant's clients: those that receive come to the first gateway, those that send to `sender`. */
class Side {
  readonly inboxes: MqttInbox[] = [];

  constructor(
    readonly name: Name,
    private readonly sender: number,
  ) {}

  async connect(clientId: string, options: IClientOptions = {}, gateway = 0): Promise<MqttClient> {
    const client = mqtt.connect(`mqtt://${gateways[gateway]!.mqtt.tcp}`, {
      ...{ protocolVersion: 5, reconnectPeriod: 0, clientId, username: `${this.name}/app` },
      ...{ password: `secret-of-${this.name}`, ...options },
    });
    clients.push(client);
    // Before CONNACK: a session that was there sends at once.
    this.inboxes.push(new MqttInbox(client));
    await new Promise((resolve, reject) => {
      client.once('connect', resolve);
      client.once('error', reject);
    });
    return client;
  }

  sends(clientId = 'sender', options: IClientOptions = {}): Promise<MqttClient> {
    return this.connect(clientId, options, this.sender);
  }

  async receives(filter: string, clientId = 'receiver', options: IClientOptions = {}): Promise<MqttInbox> {
    const client = await this.connect(clientId, options);
    await client.subscribeAsync(filter, { qos: 1 });
    return this.inboxes.at(-1)!;
  }

  get said(): string {
    return `of ${this.name}`;
  }
}

describe.each([
  ['one gateway', 0],
  ['two gateways', 1],
])('at %s', (_where, sender) => {
  const sides = (): [Side, Side] => [new Side('acme', sender), new Side('beta', sender)];

  /** Does the same in both tenants, one after the other, and looks that each has heard its own alone. */
  async function bothHear(
    [acme, beta]: readonly [Side, Side],
    inboxOf: (side: Side) => Promise<MqttInbox>,
    say: (side: Side) => Promise<unknown>,
  ): Promise<void> {
    const inboxes = [await inboxOf(acme), await inboxOf(beta)] as const;
    await say(acme);
    await inboxes[0].until(acme.said);
    await say(beta);
    await inboxes[1].until(beta.said);
    expect(inboxes.map(({ payloads }) => payloads)).toEqual([[acme.said], [beta.said]]);
  }

  it('topics and client ids do not cross', async () => {
    await bothHear(
      sides(),
      (side) => side.receives('#'),
      async (side) => (await side.sends()).publishAsync('same/topic', side.said, { qos: 1 }),
    );
    expect(clients.every(({ connected }) => connected)).toBe(true);
  }, 30_000);

  it('wills do not cross', async () => {
    await bothHear(
      sides(),
      (side) => side.receives('status/#'),
      async (side) => {
        const will = {
          topic: 'status/device',
          payload: Buffer.from(side.said),
          qos: 1 as const,
          retain: false,
        };
        (await side.sends('device', { will })).stream.destroy();
      },
    );
  }, 30_000);

  it('retained messages do not cross', async () => {
    const [acme, beta] = sides();
    for (const side of [acme, beta]) {
      const client = await side.sends();
      await client.publishAsync('state/now', side.said, { qos: 1, retain: true });
      await client.publishAsync(`state/of-${side.name}`, side.said, { qos: 1, retain: true });
    }
    for (const side of [acme, beta]) {
      const inbox = await side.receives('state/#');
      await inbox.until(side.said);
      const last = await side.sends('last');
      await last.publishAsync('state/end', 'end', { qos: 1 });
      await inbox.until('end');
      expect(inbox.all.map(({ topic, payload }) => [topic, payload])).toEqual([
        ...['state/now', `state/of-${side.name}`].map((topic) => [topic, side.said]),
        ['state/end', 'end'],
      ]);
    }
    // Cleared by one, it stays the other's.
    await (await acme.sends()).publishAsync('state/now', '', { qos: 1, retain: true });
    const inbox = await beta.receives('state/now', 'again');
    await inbox.until(beta.said);
    for (const side of [acme, beta]) {
      const client = await side.sends('clears');
      for (const topic of ['state/now', `state/of-${side.name}`]) {
        await client.publishAsync(topic, '', { qos: 1, retain: true });
      }
    }
  }, 30_000);

  it('groups of shared subscriptions do not cross', async () => {
    await bothHear(
      sides(),
      (side) => side.receives('$share/group/work/#', 'member'),
      async (side) => (await side.sends()).publishAsync('work/1', side.said, { qos: 1 }),
    );
  }, 30_000);

  it('requests and responses do not cross', async () => {
    const [acme, beta] = sides();
    for (const side of [acme, beta]) {
      const responder = await side.connect('responder');
      await responder.subscribeAsync('requests', { qos: 1 });
      responder.on('message', (_topic, _payload, { properties }) => {
        responder.publish(properties!.responseTopic!, side.said, {
          qos: 1,
          properties: { correlationData: properties!.correlationData! },
        });
      });
    }
    const inboxes: MqttInbox[] = [];
    for (const side of [acme, beta]) {
      inboxes.push(await side.receives('responses/requester', 'requester'));
      const properties = { responseTopic: 'responses/requester', correlationData: Buffer.from('1') };
      await (await side.sends()).publishAsync('requests', 'please', { qos: 1, properties });
      await inboxes.at(-1)!.until(side.said);
    }
    expect(inboxes.map(({ payloads }) => payloads)).toEqual([[acme.said], [beta.said]]);
  }, 30_000);

  it('what $SYS counts does not cross', async () => {
    const [acme, beta] = sides();
    for (const clientId of ['one', 'two', 'three']) await acme.connect(clientId);
    const inbox = await beta.receives('$SYS/broker/clients/connected');
    await inbox.until('1');
    expect(inbox.payloads).not.toContain('4');
    const own = await acme.receives('$SYS/broker/clients/connected');
    await own.until('4');
  }, 30_000);

  it('sessions and takeovers do not cross', async () => {
    const [acme, beta] = sides();
    const lasting = { clean: false, properties: { sessionExpiryInterval: 60 } };
    const clientId = `sleeper-${sender}`;
    for (const side of [acme, beta]) {
      const sleeper = await side.connect(clientId, lasting);
      await sleeper.subscribeAsync('night/#', { qos: 1 });
    }
    // The tenant's own connection with the id is taken over, at whichever gateway it is; not the other one.
    const taken = new Promise<number | undefined>((resolve) => {
      clients[0]!.once('disconnect', (packet) => resolve(packet.reasonCode));
    });
    const successor = await acme.sends(clientId, lasting);
    expect(await taken).toBe(0x8e);
    expect(clients[1]!.connected).toBe(true);
    await Promise.all([successor.endAsync(), clients[1]!.endAsync()]);
    await (await acme.sends()).publishAsync('night/1', acme.said, { qos: 1 });
    await acme.connect(clientId, lasting);
    await acme.inboxes.at(-1)!.until(acme.said);
    await (await beta.sends()).publishAsync('night/1', beta.said, { qos: 1 });
    await beta.connect(clientId, lasting);
    await beta.inboxes.at(-1)!.until(beta.said);
    expect([acme, beta].map((side) => side.inboxes.at(-1)!.payloads)).toEqual([[acme.said], [beta.said]]);
    for (const side of [acme, beta]) await side.connect(clientId, { clean: true });
  }, 30_000);
});
