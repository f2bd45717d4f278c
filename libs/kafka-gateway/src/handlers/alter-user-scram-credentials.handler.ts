import { Buffer } from 'node:buffer';
import {
  credentialOf,
  type ScramCredential,
  type ScramMechanism,
  type ScramUsers,
  scramCredentialFault,
  scramHash,
  userNameFault,
} from '#libs/auth';
import {
  type AlterUserScramCredentialsRequest,
  type AlterUserScramCredentialsRequestScramCredentialDeletion as Deletion,
  type AlterUserScramCredentialsRequestScramCredentialUpsertion as Upsertion,
  type AlterUserScramCredentialsResponse,
  alterUserScramCredentialsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { scramMechanismOf, scramUsersOf } from './scram-users.js';

/** Users whose credentials are changed at the same time. */
const usersParallelMax = 32;

/** What is to happen to one credential of a user. */
interface Alteration {
  readonly mechanism: ScramMechanism;
  /** Absent: it is deleted. */
  readonly credential?: ScramCredential;
}

/**
 * AlterUserScramCredentials v0 (KIP-554). The password comes salted, so what is kept of it is derived here and the rest
 * forgotten. One answer per user: when any of its alterations cannot be, none of them is made. A user may have both mechanisms
 * altered in one request, as `kafka-configs` does, but neither twice.
 */
export const alterUserScramCredentialsHandler: ApiHandler<
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse
> = {
  api: alterUserScramCredentialsApi,
  versionMin: 0,
  versionMax: 0,
  async handle({ deletions, upsertions }, context) {
    const users = new Set([...deletions, ...upsertions].map(({ name }) => name));
    try {
      new TopicAuthorization(context).requireCluster('alter');
      const changes = new ScramChanges(context, scramUsersOf(context));
      for (const each of deletions) changes.remove(each);
      for (const each of upsertions) changes.set(each);
      const results = await boundedParallel([...users], usersParallelMax, async (user) => {
        try {
          await changes.make(user);
          context.changed('user.change-scram', user);
          return { user, errorMessage: null };
        } catch (error) {
          return refusal(user, error, context);
        }
      });
      return { results };
    } catch (error) {
      return { results: [...users].map((user) => refusal(user, error, context)) };
    }
  },
};

function refusal(user: string, error: unknown, context: RequestContext) {
  const errorCode = kafkaErrorCode(error);
  const errorMessage = kafkaErrorMessage(error);
  context.refused(errorCode, errorMessage);
  return { user, errorCode, errorMessage };
}

/** What one request asks for, by user. */
class ScramChanges {
  readonly #tenant: string;
  readonly #existing: ReadonlySet<string>;
  readonly #alterations = new Map<string, Alteration[]>();
  readonly #faults = new Map<string, KafkaError>();

  constructor(
    { principal }: RequestContext,
    private readonly users: ScramUsers,
  ) {
    this.#tenant = principal.tenant.name;
    this.#existing = new Set(users.list(this.#tenant).map(({ user, mechanism }) => `${mechanism} ${user}`));
  }

  remove({ name, mechanism: type }: Deletion): void {
    this.#take(name, () => {
      const mechanism = this.#mechanism(name, type);
      if (!this.#existing.has(`${mechanism} ${name}`)) {
        throw new KafkaError(KafkaErrorCode.RESOURCE_NOT_FOUND, 'there is no such credential to delete');
      }
      return { mechanism };
    });
  }

  set({ name, mechanism: type, iterations, salt, saltedPassword }: Upsertion): void {
    this.#take(name, () => {
      const mechanism = this.#mechanism(name, type);
      if (saltedPassword.length !== scramHash[mechanism].bytes) {
        throw unacceptable(`a salted password of ${mechanism} has ${scramHash[mechanism].bytes} bytes`);
      }
      // The request's bytes are not kept.
      const kept = { mechanism, iterations, salt: Buffer.from(salt) };
      const credential = credentialOf(saltedPassword, kept);
      const fault = scramCredentialFault(credential);
      if (fault !== undefined) throw unacceptable(fault);
      return { mechanism, credential };
    });
  }

  /** @throws KafkaError, SecurityStateError */
  async make(user: string): Promise<void> {
    const fault = this.#faults.get(user);
    if (fault !== undefined) throw fault;
    for (const { mechanism, credential } of this.#alterations.get(user)!) {
      if (credential === undefined) await this.users.remove(this.#tenant, user, mechanism);
      else await this.users.set(this.#tenant, user, credential);
    }
  }

  #take(user: string, read: () => Alteration): void {
    if (this.#faults.has(user)) return;
    try {
      const alteration = read();
      const ofUser = this.#alterations.get(user) ?? [];
      if (ofUser.some(({ mechanism }) => mechanism === alteration.mechanism)) {
        const message = 'a credential cannot be altered twice in one request';
        throw new KafkaError(KafkaErrorCode.DUPLICATE_RESOURCE, message);
      }
      this.#alterations.set(user, [...ofUser, alteration]);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.#faults.set(user, error);
    }
  }

  #mechanism(user: string, type: number): ScramMechanism {
    const fault = userNameFault(user);
    if (fault !== undefined) throw unacceptable(fault);
    const mechanism = scramMechanismOf(type);
    if (mechanism === undefined) {
      throw new KafkaError(KafkaErrorCode.UNSUPPORTED_SASL_MECHANISM, 'the SCRAM mechanism is unknown');
    }
    if (this.users.isConfigured(this.#tenant, user)) {
      const message = 'the user is one of the configuration, where alone it can be changed';
      throw new KafkaError(KafkaErrorCode.POLICY_VIOLATION, message);
    }
    return mechanism;
  }
}

function unacceptable(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.UNACCEPTABLE_CREDENTIAL, message);
}
