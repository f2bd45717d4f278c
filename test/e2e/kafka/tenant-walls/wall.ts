// Two tenants that call everything the same, on two connections to one listener.
import { type Encodable, type KafkaApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { KafkaSocket } from '../../../support/kafka-socket.js';

/** What both have: a topic, a group and a transactional id of these names, and each something that the other has not. */
export const topic = 'orders';
export const group = 'readers';
export const transactionalId = 'payments';
export const ownTopic = (tenant: string): string => `only-${tenant}`;
export const ownGroup = (tenant: string): string => `group-of-${tenant}`;

export class Side {
  /** Of the topic that both have. */
  topicId: Buffer = Buffer.alloc(16);

  private constructor(
    readonly tenant: string,
    readonly socket: KafkaSocket,
  ) {}

  static async open(address: string, tenant: string): Promise<Side> {
    const socket = await KafkaSocket.open(address);
    await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    const authBytes = Buffer.from(`\0${tenant}/app\0secret-of-${tenant}`);
    const { errorCode } = await socket.call(saslAuthenticateApi, 2, { authBytes });
    if (errorCode !== 0) throw new Error(`${tenant} does not get in: ${errorCode}`);
    return new Side(tenant, socket);
  }

  call<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Response> {
    return this.socket.call(api, version, body);
  }
}

/** Uses one operation from both sides, and expects that neither sees or changes what is the other's. */
export type Wall = (acme: Side, beta: Side) => Promise<void>;
