// Two tenants that call everything the same, each with connections to the gateways.
import { type Encodable, type KafkaApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { secretOf, type TenantName, userName } from '../two-tenants.js';

/** What both have: a topic, a group and a transactional id of these names, and each something that the other has not. */
export const topic = 'orders';
export const group = 'readers';
export const transactionalId = 'payments';
export const ownTopic = (tenant: string): string => `only-${tenant}`;
export const ownGroup = (tenant: string): string => `group-of-${tenant}`;

/** NOT_LEADER_OR_FOLLOWER, NOT_COORDINATOR: another gateway is to be asked. */
const elsewhere = new Set([6, 16]);

export class Side {
  /** Of the topic that both have. */
  topicId: Buffer = Buffer.alloc(16);

  private constructor(
    readonly tenant: TenantName,
    /** `host:port` of the gateway that it asks first. */
    readonly address: string,
    private readonly sockets: readonly KafkaSocket[],
  ) {}

  /** @param addresses of all gateways, the one that it asks first at the beginning */
  static async open(tenant: TenantName, addresses: readonly string[]): Promise<Side> {
    const sockets = await Promise.all(addresses.map((address) => authenticated(tenant, address)));
    return new Side(tenant, addresses[0]!, sockets);
  }

  /** What the first gateway answers that leads, or coordinates, what it is about. */
  async call<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Response> {
    let answer: Response | undefined;
    for (const socket of this.sockets) {
      answer = await socket.call(api, version, body);
      if (!saysElsewhere(answer)) return answer;
    }
    return answer!;
  }

  /** What every gateway answers, for what each knows a part of. */
  callAll<Request, Response>(
    api: KafkaApi<Request, Response>,
    version: number,
    body: Encodable<Request>,
  ): Promise<Response[]> {
    return Promise.all(this.sockets.map((socket) => socket.call(api, version, body)));
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

async function authenticated(tenant: TenantName, address: string): Promise<KafkaSocket> {
  const socket = await KafkaSocket.open(address);
  await socket.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
  const authBytes = Buffer.from(`\0${tenant}/${userName}\0${secretOf(tenant)}`);
  const { errorCode } = await socket.call(saslAuthenticateApi, 2, { authBytes });
  if (errorCode !== 0) throw new Error(`${tenant} does not get in: ${errorCode}`);
  return socket;
}

/** Whether such an error code is anywhere in the answer. */
function saysElsewhere(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || answer instanceof Uint8Array) return false;
  return Object.entries(answer).some(([field, value]) =>
    field === 'errorCode' ? elsewhere.has(value as number) : saysElsewhere(value),
  );
}

/** Uses one operation from both sides, and expects that neither sees or changes what is the other's. */
export type KafkaWall = (acme: Side, beta: Side) => Promise<void>;
