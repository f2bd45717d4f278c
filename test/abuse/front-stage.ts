// The gateway that hostile clients of AMQP, WebSocket and the admin HTTP meet, and clients that behave.
import mqtt from 'mqtt';
import type { AmqpClient } from '../../libs/amqp-gateway/src/testing/amqp-client.js';
import { type Amqp091Wire, openAmqp091Wire } from '../support/amqp091-wire.js';
import { openAmqpWire } from '../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { inspected } from './growth.js';

export const authenticationTimeoutMs = 4_000;
export const connectionsPerAddressMax = 1_200;
export const topicsMax = 8;
export const subscriptionsMaxPerTopic = 10;
export const adminToken = 'of-who-may-change-all';
export const password = 'secret';

/** Of `counted` there is little; what it piles up is in nobody's way. */
export type StageTenant = 'acme' | 'counted';
export type AmqpWire = AmqpClient & { cut(): void };

export class FrontStage {
  readonly #wires: { cut(): void }[] = [];

  private constructor(readonly gateway: TestGateway) {}

  static async start(): Promise<FrontStage> {
    const tenant = (name: StageTenant, limits = {}) => ({
      ...{ name, limits, permissions: [allowAll], users: [{ name: 'app', password }] },
    });
    const listener = { authenticationTimeoutMs, connectionsPerAddressMax };
    const gateway = await startGateway({
      tenants: [tenant('acme'), tenant('counted', { topics: topicsMax })],
      mqtt: { listener },
      amqp: { listener },
      config: { admin: { token: adminToken }, amqp: { subscriptionsMaxPerTopic } },
      env: inspected,
    });
    return new FrontStage(gateway);
  }

  async stop(): Promise<void> {
    for (const wire of this.#wires) wire.cut();
    await this.gateway.stop();
  }

  get amqp(): string {
    return this.gateway.amqp.tcp;
  }

  /** With a session on channel 0. */
  readonly amqpClient = async (tenant: StageTenant = 'acme', containerId = 'sound'): Promise<AmqpWire> => {
    const wire = await openAmqpWire(this.amqp);
    this.#wires.push(wire);
    await wire.open({ user: `${tenant}/app`, password, containerId });
    await wire.begin();
    return wire;
  };

  /** With channel 1. */
  readonly amqp091Client = async (tenant: StageTenant = 'acme', heartbeat = 0): Promise<Amqp091Wire> => {
    const wire = await openAmqp091Wire(this.amqp);
    this.#wires.push(wire);
    await wire.open({ user: `${tenant}/app`, password, heartbeat });
    await wire.openChannel();
    return wire;
  };

  readonly servesAmqp = async (): Promise<void> => {
    await (await this.amqpClient()).close();
  };

  readonly servesWebSocket = async (): Promise<void> => {
    const login = { username: 'acme/app', password, reconnectPeriod: 0 };
    await (await mqtt.connectAsync(this.gateway.mqtt.ws, login)).endAsync();
  };

  readonly servesAmqp091 = async (): Promise<void> => {
    await (await this.amqp091Client()).close();
  };
}
