// Users with SCRAM credentials, made as Kafka's admin clients make them, and logged in with kafkajs.
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import {
  alterUserScramCredentialsApi,
  type AlterUserScramCredentialsRequest,
  describeUserScramCredentialsApi,
  type Encodable,
} from '../../libs/kafka-codec/src/index.js';
import { kafkaCall } from './kafka-call.js';

export type ScramType = 1 | 2;

/** What an admin client sends so that the user has this password. */
export function upsertion(name: string, password: string, mechanism: ScramType = 1, iterations = 4_096) {
  const salt = randomBytes(16);
  const [bytes, hash] = mechanism === 1 ? ([32, 'sha256'] as const) : ([64, 'sha512'] as const);
  const saltedPassword = pbkdf2Sync(password, salt, iterations, bytes, hash);
  return { name, mechanism, iterations, salt, saltedPassword };
}

/** Error codes by user. `address`: where clients without credentials may do this. */
export async function alterScram(
  address: string,
  request: Encodable<AlterUserScramCredentialsRequest>,
): Promise<Record<string, number>> {
  const { results } = await kafkaCall(address, alterUserScramCredentialsApi, 0, request);
  return Object.fromEntries(results.map(({ user, errorCode }) => [user, errorCode]));
}

/** `mechanism:iterations` by user, of all users. */
export async function describeScram(address: string): Promise<Record<string, string[]>> {
  const { errorCode, results } = await kafkaCall(address, describeUserScramCredentialsApi, 0, {
    users: null,
  });
  if (errorCode !== 0) throw new Error(`described with ${errorCode}`);
  return Object.fromEntries(
    results.map(({ user, credentialInfos }) => [
      user,
      credentialInfos.map(({ mechanism, iterations }) => `${mechanism}:${iterations}`),
    ]),
  );
}

export function scramClient(
  address: string,
  username: string,
  password: string,
  mechanism: 'scram-sha-256' | 'scram-sha-512' | 'plain' = 'scram-sha-256',
): Kafka {
  return new Kafka({
    brokers: [address],
    clientId: 'scram',
    ssl: false,
    sasl: { mechanism, username, password } as SASLOptions,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
}

/** Whether this logs in. Rejects on what is no refusal of the credentials. */
export async function logsIn(...[address, username, password, mechanism]: Parameters<typeof scramClient>) {
  const admin = scramClient(address, username, password, mechanism).admin();
  try {
    await admin.connect();
    return true;
  } catch (error) {
    if (/authentication failed/i.test(String(error))) return false;
    throw error;
  } finally {
    await admin.disconnect();
  }
}
