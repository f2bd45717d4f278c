// The gateway that hostile MQTT clients meet, and clients that behave.
import { expect } from '@jest/globals';
import { noProperties } from '#libs/mqtt-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { MqttWire } from '../../support/mqtt-wire.js';
import { inspected } from '../growth.js';

export const authenticationTimeoutMs = 5_000;
export const connectionsPerAddressMax = 1_200;
export const keepAliveSecondsMax = 60;
export const queueMessagesMax = 100;
export const sessionsMax = 40;
export const sessionExpirySecondsMax = 600;
export const topicsMax = 5;
export const password = Buffer.from('secret');

/** Tenants of whom only one row uses each, so that what they pile up is in nobody's way. */
export type StageTenant = 'acme' | 'crowded' | 'counted';

type ConnectOptions = NonNullable<Parameters<MqttWire['connect']>[0]>;

export class MqttStage {
  private readonly wires: MqttWire[] = [];

  private constructor(readonly gateway: TestGateway) {}

  static async start(): Promise<MqttStage> {
    const tenant = (name: StageTenant) => ({
      ...{ name, permissions: [allowAll], users: [{ name: 'app', password: password.toString() }] },
    });
    const gateway = await startGateway({
      tenants: [tenant('acme'), tenant('crowded'), { ...tenant('counted'), mqtt: { topicsMax } }],
      mqtt: { listener: { authenticationTimeoutMs, connectionsPerAddressMax } },
      config: {
        mqtt: {
          ...{ keepAliveSecondsMax, outboundQueueMessagesMax: queueMessagesMax },
          ...{ sessionsMax, sessionExpirySecondsMax },
        },
      },
      env: inspected,
    });
    return new MqttStage(gateway);
  }

  async stop(): Promise<void> {
    for (const wire of this.wires) wire.cut();
    await this.gateway.stop();
  }

  get endpoint(): string {
    return this.gateway.mqtt.tcp;
  }

  async open(level: 4 | 5 = 5): Promise<MqttWire> {
    const wire = await MqttWire.open(this.endpoint, level);
    this.wires.push(wire);
    return wire;
  }

  /** Not refused. */
  async client(
    options: ConnectOptions = {},
    level: 4 | 5 = 5,
    tenant: StageTenant = 'acme',
  ): Promise<MqttWire> {
    const wire = await this.open(level);
    expect((await wire.connect(asUser(options, tenant))).reasonCode).toBe(0);
    return wire;
  }

  /** With a session that stays. */
  async resumed(clientId: string): Promise<MqttWire> {
    const properties = { sessionExpiryIntervalSeconds: sessionExpirySecondsMax };
    return this.client({ clientId, cleanStart: false, properties });
  }

  /** A client that behaves is served. */
  readonly serves = async (): Promise<void> => {
    const client = await this.client();
    expect(await client.publish('sound', 'm')).toBe(0);
    await client.disconnect();
  };

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.gateway.adminUrl}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  }
}

export function asUser(options: ConnectOptions, tenant: StageTenant = 'acme'): ConnectOptions {
  return { properties: noProperties, userName: `${tenant}/app`, password, ...options };
}
