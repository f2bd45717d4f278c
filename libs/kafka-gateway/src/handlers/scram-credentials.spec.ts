import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  Authenticator,
  type AuthorizationRule,
  Authorizer,
  parseScramVerifier,
  SecurityState,
  type SecurityValues,
} from '#libs/auth';
import {
  alterUserScramCredentialsApi,
  type AlterUserScramCredentialsRequest,
  describeUserScramCredentialsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { ApiTable } from '../api-table.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import { tenant } from '../testing/connection-bed.js';
import { KafkaClient } from '../testing/kafka-client.js';
import { alterUserScramCredentialsHandler } from './alter-user-scram-credentials.handler.js';
import { describeUserScramCredentialsHandler } from './describe-user-scram-credentials.handler.js';

const {
  CLUSTER_AUTHORIZATION_FAILED,
  DUPLICATE_RESOURCE,
  NONE,
  NOT_CONTROLLER,
  POLICY_VIOLATION,
  REQUEST_TIMED_OUT,
  RESOURCE_NOT_FOUND,
  SECURITY_DISABLED,
  UNACCEPTABLE_CREDENTIAL,
  UNSUPPORTED_SASL_MECHANISM,
} = KafkaErrorCode;
const secret = 'open sesame';

type Request = Encodable<AlterUserScramCredentialsRequest>;
type Upsertion = NonNullable<Request['upsertions']>[number];

function upsertion(name: string, change: Partial<Upsertion> = {}): Upsertion {
  const salt = Buffer.from('a salt');
  const { mechanism = 1, iterations = 4_096 } = change;
  const [bytes, hash] = mechanism === 2 ? ([64, 'sha512'] as const) : ([32, 'sha256'] as const);
  const saltedPassword = pbkdf2Sync(secret, salt, Math.max(1, iterations), bytes, hash);
  return { name, mechanism, iterations, salt, saltedPassword, ...change };
}

/** What all gateways agree on, in memory. */
class Values implements SecurityValues {
  ready = true;
  fault: string | undefined;
  readonly stored = new Map<string, Buffer>();
  #listener: (key: string, value: Buffer | undefined) => void = () => {};

  get(key: string): Buffer | undefined {
    return this.stored.get(key);
  }

  async put(key: string, value: Buffer | null): Promise<void> {
    if (this.fault !== undefined) throw Object.assign(new Error('not stored'), { fault: this.fault });
    if (value === null) this.stored.delete(key);
    else this.stored.set(key, value);
    this.#listener(key, this.stored.get(key));
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.#listener = listener;
    return () => {};
  }
}

const verifier = `scram-sha-512$8192$${Buffer.alloc(16).toString('base64')}$${Buffer.alloc(64).toString('base64')}$${Buffer.alloc(64).toString('base64')}`;

function cluster(...actions: AuthorizationRule['actions'][number][]): AuthorizationRule {
  return { principals: ['*'], actions, resource: { type: 'cluster', match: 'literal', name: 'cluster' } };
}

function open(rules = [cluster('alter', 'describe')], keeps = true) {
  const values = new Values();
  const tenants = new TenantDirectory([tenant]);
  const authorizer = new Authorizer([{ tenant: 'acme', rules }]);
  const operator = parseScramVerifier(verifier);
  const state = new SecurityState({
    values,
    authorizer,
    log: silentLog,
    configured: {
      isConfigured: (_tenant, user) => user === 'operator' || user === 'plain-operator',
      list: () => [{ user: 'operator', mechanism: operator.mechanism, iterations: operator.iterations }],
    },
  });
  const listeners = [{ name: 'kafka', anonymousTenant: 'acme' }];
  const metrics = new Metrics({ processMetrics: false });
  const protocol = new KafkaProtocol(
    {
      pulsar: { admin: {} } as unknown as PulsarClient,
      authenticator: new Authenticator({ users: [], tenants, listeners, log: silentLog }),
      authorizer,
      ...(keeps && { security: { rules: state, scram: state.scram } }),
      limits: new RateLimits(tenants),
      options: kafkaOptionsSchema.parse({}),
      log: silentLog,
      metrics,
    },
    new ApiTable([alterUserScramCredentialsHandler, describeUserScramCredentialsHandler]),
  );
  const kafka = new KafkaClient(inMemoryLink(protocol, { counters: metrics.protocol('kafka') }).client);
  const alter = async (request: Request) => {
    const { results } = await kafka.call(alterUserScramCredentialsApi, 0, request);
    return Object.fromEntries(results.map(({ user, errorCode }) => [user, errorCode]));
  };
  const describe = async (...users: string[]) => {
    const asked = users.length === 0 ? null : users.map((name) => ({ name }));
    return kafka.call(describeUserScramCredentialsApi, 0, { users: asked });
  };
  return { values, state, alter, describe };
}

describe('AlterUserScramCredentials', () => {
  it('keeps what the password proves itself by, and not what it could be found by', async () => {
    const { alter, state, values } = open();
    expect(await alter({ upsertions: [upsertion('ann', { iterations: 16_384 })] })).toEqual({ ann: NONE });
    const { storedKey, ...kept } = state.scramCredential('acme', 'ann', 'SCRAM-SHA-256')!;
    expect(kept).toMatchObject({ iterations: 16_384, salt: Buffer.from('a salt') });
    expect(storedKey).toHaveLength(32);
    const salted = Buffer.from(upsertion('ann', { iterations: 16_384 }).saltedPassword!);
    const [record] = [...values.stored.values()].map(String);
    expect(record).toContain(storedKey.toString('base64'));
    expect(record).not.toContain(salted.toString('base64'));
  });

  it('changes both mechanisms of a user in one request, but neither twice', async () => {
    const { alter, values } = open();
    const both = [upsertion('ann'), upsertion('ann', { mechanism: 2 })];
    expect(await alter({ upsertions: both })).toEqual({ ann: NONE });
    expect(values.stored.size).toBe(2);
    const request = {
      deletions: [{ name: 'ann', mechanism: 1 }],
      upsertions: [upsertion('ann'), upsertion('bob'), upsertion('bob'), upsertion('cid')],
    };
    const answer = { ann: DUPLICATE_RESOURCE, bob: DUPLICATE_RESOURCE, cid: NONE };
    expect(await alter(request)).toEqual(answer);
    expect([...values.stored.keys()].filter((key) => key.endsWith('bob'))).toEqual([]);
  });

  it('makes none of a user’s changes when one of them cannot be', async () => {
    const { alter, values } = open();
    const upsertions = [upsertion('ann'), upsertion('ann', { mechanism: 2, iterations: 4_095 })];
    expect(await alter({ upsertions })).toEqual({ ann: UNACCEPTABLE_CREDENTIAL });
    expect(values.stored.size).toBe(0);
  });

  it.each<[string, Partial<Upsertion>, number]>([
    ['too few iterations', { iterations: 4_095 }, UNACCEPTABLE_CREDENTIAL],
    ['negative iterations', { iterations: -1 }, UNACCEPTABLE_CREDENTIAL],
    ['too many iterations', { iterations: 16_385 }, UNACCEPTABLE_CREDENTIAL],
    ['no salt', { salt: Buffer.alloc(0) }, UNACCEPTABLE_CREDENTIAL],
    ['an endless salt', { salt: Buffer.alloc(2_000) }, UNACCEPTABLE_CREDENTIAL],
    ['no password', { saltedPassword: Buffer.alloc(0) }, UNACCEPTABLE_CREDENTIAL],
    ['a password of the other hash', { saltedPassword: Buffer.alloc(64) }, UNACCEPTABLE_CREDENTIAL],
    ['no mechanism', { mechanism: 0 }, UNSUPPORTED_SASL_MECHANISM],
    ['an unknown mechanism', { mechanism: 3 }, UNSUPPORTED_SASL_MECHANISM],
    ['a negative mechanism', { mechanism: -1 }, UNSUPPORTED_SASL_MECHANISM],
  ])('refuses %s', async (_what, change, code) => {
    const { alter, values } = open();
    const upsertions = [{ ...upsertion('ann'), ...change }];
    expect(await alter({ upsertions })).toEqual({ ann: code });
    expect(values.stored.size).toBe(0);
  });

  it.each(['', 'a/b', 'a b', 'anonymous', 'a\u0000', 'u'.repeat(200)])(
    'refuses the name %j',
    async (name) => {
      const { alter, values } = open();
      expect(await alter({ upsertions: [upsertion(name)] })).toEqual({ [name]: UNACCEPTABLE_CREDENTIAL });
      expect(await alter({ deletions: [{ name, mechanism: 1 }] })).toEqual({
        [name]: UNACCEPTABLE_CREDENTIAL,
      });
      expect(values.stored.size).toBe(0);
    },
  );

  it('deletes what is there', async () => {
    const { alter, values } = open();
    await alter({ upsertions: [upsertion('ann')] });
    const deletions = [
      { name: 'ann', mechanism: 2 },
      { name: 'bob', mechanism: 1 },
    ];
    expect(await alter({ deletions })).toEqual({ ann: RESOURCE_NOT_FOUND, bob: RESOURCE_NOT_FOUND });
    expect(await alter({ deletions: [{ name: 'ann', mechanism: 1 }] })).toEqual({ ann: NONE });
    expect(values.stored.size).toBe(0);
  });

  it('leaves users of the configuration as they are, whatever they log in with', async () => {
    const { alter } = open();
    const upsertions = [upsertion('operator'), upsertion('plain-operator')];
    expect(await alter({ upsertions })).toEqual({
      operator: POLICY_VIOLATION,
      'plain-operator': POLICY_VIOLATION,
    });
    const deletions = [{ name: 'operator', mechanism: 2 }];
    expect(await alter({ deletions })).toEqual({ operator: POLICY_VIOLATION });
  });

  it('asks for permission before it looks at anything', async () => {
    const { alter, values } = open([cluster('describe')]);
    const request = {
      deletions: [{ name: 'nobody', mechanism: 1 }],
      upsertions: [upsertion('', { iterations: 0 })],
    };
    const answer = { nobody: CLUSTER_AUTHORIZATION_FAILED, '': CLUSTER_AUTHORIZATION_FAILED };
    expect(await alter(request)).toEqual(answer);
    expect(values.stored.size).toBe(0);
  });

  it.each([
    ['unavailable', NOT_CONTROLLER],
    ['unconfirmed', REQUEST_TIMED_OUT],
    ['full', POLICY_VIOLATION],
  ])('answers for each user what became of it: %s', async (fault, code) => {
    const { alter, values } = open();
    values.fault = fault;
    expect(await alter({ upsertions: [upsertion('ann'), upsertion('bob')] })).toEqual({
      ann: code,
      bob: code,
    });
  });

  it('takes nothing while it is not known what there is, or where nothing is kept', async () => {
    const { alter, values, describe } = open();
    values.ready = false;
    expect(await alter({ upsertions: [upsertion('ann')] })).toEqual({ ann: NOT_CONTROLLER });
    expect(await describe()).toMatchObject({ errorCode: NOT_CONTROLLER, results: [] });
    const without = open(undefined, false);
    expect(await without.alter({ upsertions: [upsertion('ann')] })).toEqual({ ann: SECURITY_DISABLED });
    expect(await without.describe()).toMatchObject({ errorCode: SECURITY_DISABLED });
  });

  it('changes many at once', async () => {
    const { alter, values } = open();
    const upsertions = Array.from({ length: 200 }, (_, at) => ({ ...upsertion('x'), name: `user${at}` }));
    expect(new Set(Object.values(await alter({ upsertions })))).toEqual(new Set([NONE]));
    expect(values.stored.size).toBe(200);
  });
});

describe('DescribeUserScramCredentials', () => {
  it('lists all, those of the configuration too, with no secret', async () => {
    const { alter, describe } = open();
    await alter({ upsertions: [upsertion('zoe', { mechanism: 2 }), upsertion('zoe'), upsertion('ann')] });
    const { errorCode, results } = await describe();
    expect(errorCode).toBe(NONE);
    const one = (mechanism: number, iterations = 4_096) => ({ mechanism, iterations });
    expect(results).toEqual([
      { user: 'ann', errorCode: NONE, errorMessage: null, credentialInfos: [one(1)] },
      { user: 'operator', errorCode: NONE, errorMessage: null, credentialInfos: [one(2, 8_192)] },
      { user: 'zoe', errorCode: NONE, errorMessage: null, credentialInfos: [one(1), one(2)] },
    ]);
  });

  it('answers for each that is asked for, once', async () => {
    const { alter, describe } = open();
    await alter({ upsertions: [upsertion('ann')] });
    const { results } = await describe('ann', 'nobody', 'twice', 'twice');
    expect(results.map(({ user, errorCode }) => [user, errorCode])).toEqual([
      ['ann', NONE],
      ['nobody', RESOURCE_NOT_FOUND],
      ['twice', DUPLICATE_RESOURCE],
    ]);
  });

  it('asks for permission', async () => {
    const { describe } = open([cluster('create')]);
    expect(await describe('ann')).toMatchObject({ errorCode: CLUSTER_AUTHORIZATION_FAILED, results: [] });
  });
});
