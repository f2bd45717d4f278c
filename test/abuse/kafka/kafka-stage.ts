// The gateway that hostile Kafka clients meet, and clients that behave.
import { expect } from '@jest/globals';
import {
  apiVersionsApi,
  KafkaErrorCode,
  metadataApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { inspected } from '../growth.js';

export const authenticationTimeoutMs = 5_000;
export const connectionsPerAddressMax = 1_200;
export const groupsMaxPerSlice = 25;
export const topicsMax = 20;
const password = 'secret';

/** Tenants of whom only one row uses each, so that what they pile up is in nobody's way. */
export type StageTenant = 'acme' | 'crowded' | 'counted';

export class KafkaStage {
  private readonly sockets: KafkaSocket[] = [];

  private constructor(readonly gateway: TestGateway) {}

  static async start(): Promise<KafkaStage> {
    const tenant = (name: StageTenant) => ({
      ...{ name, permissions: [allowAll], users: [{ name: 'app', password }] },
      kafka: { autoCreateTopics: true },
    });
    const gateway = await startGateway({
      tenants: [tenant('acme'), tenant('crowded'), { ...tenant('counted'), limits: { topics: topicsMax } }],
      listener: { authenticationTimeoutMs, connectionsPerAddressMax },
      config: { kafka: { groupsMaxPerSlice } },
      env: inspected,
    });
    return new KafkaStage(gateway);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.gateway.stop();
  }

  get endpoint(): string {
    return this.gateway.kafka;
  }

  async client(tenant: StageTenant = 'acme'): Promise<KafkaSocket> {
    const socket = await KafkaSocket.open(this.endpoint);
    this.sockets.push(socket);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    const authBytes = Buffer.from(`\0${tenant}/app\0${password}`);
    const { errorCode } = await socket.call(saslAuthenticateApi, 2, { authBytes });
    expect(errorCode).toBe(KafkaErrorCode.NONE);
    return socket;
  }

  /** A client that behaves is served. */
  readonly serves = async (): Promise<void> => {
    const client = await this.client();
    await client.call(apiVersionsApi, 3, { clientSoftwareName: 'sound', clientSoftwareVersion: '1' });
    client.destroy();
  };

  /** Makes it, by asking for it. */
  async topic(client: KafkaSocket, name: string): Promise<void> {
    const { topics } = await client.call(metadataApi, 9, { topics: [{ name }] });
    expect(topics).toMatchObject([{ name, errorCode: KafkaErrorCode.NONE }]);
  }
}
