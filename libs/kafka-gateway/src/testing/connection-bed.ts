import { Authenticator, type AuthenticatorOptions, Authorizer } from '#libs/auth';
import { metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { type Log, type LogFields, Metrics } from '#libs/telemetry';
import { type GatewayLimits, type Tenant, TenantDirectory } from '#libs/tenancy';
import { type InMemoryLink, type InMemoryOptions, inMemoryLink } from '#libs/transport';
import { ApiTable } from '../api-table.js';
import { type AnyApiHandler, type NoResponse, type RequestContext } from '../handler.js';
import { apiVersionsHandler } from '../handlers/api-versions.handler.js';
import { saslAuthenticateHandler } from '../handlers/sasl-authenticate.handler.js';
import { saslHandshakeHandler } from '../handlers/sasl-handshake.handler.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import { KafkaClient } from './kafka-client.js';

// A connection on an in-memory link with real SASL handlers and one scripted API; Pulsar is not there.

export const tenant: Tenant = {
  name: 'acme',
  pulsarNamespace: 'acme/kafka',
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};

/** Answers a Metadata request when the test says so; the topic's name tells requests apart. */
export class ScriptedMetadata implements AnyApiHandler {
  readonly api = metadataApi;
  readonly versionMin = 0;
  readonly versionMax = 12;
  readonly started: string[] = [];
  readonly contexts: RequestContext[] = [];
  readonly #answers = new Map<string, PromiseWithResolvers<unknown>>();

  handle(request: { topics: { name: string }[] }, context: RequestContext): Promise<unknown> {
    const { name } = request.topics[0]!;
    this.started.push(name);
    this.contexts.push(context);
    return this.#answerOf(name).promise;
  }

  answer(name: string, response: object | NoResponse = { clusterId: name }): void {
    this.#answerOf(name).resolve(response);
  }

  fail(name: string): void {
    this.#answerOf(name).reject(new Error('a bug'));
  }

  #answerOf(name: string): PromiseWithResolvers<unknown> {
    let answer = this.#answers.get(name);
    if (answer === undefined) this.#answers.set(name, (answer = Promise.withResolvers()));
    return answer;
  }
}

export interface Bed extends InMemoryLink {
  readonly metadata: ScriptedMetadata;
  readonly metrics: Metrics;
  readonly lines: { level: string; fields: LogFields; message: string }[];
  readonly kafka: KafkaClient;
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  /** Sends a Metadata request for this topic and gives its correlation id. */
  ask(topic: string): number;
}

function recordingLog(lines: Bed['lines']): Log {
  const at = (level: string) => (fields: LogFields, message: string) =>
    lines.push({ level, fields, message });
  return { debug() {}, info: at('info'), warn: at('warn'), error: at('error') } as Log;
}

export function bed(
  settings: {
    anonymous?: boolean;
    options?: object;
    authentication?: Partial<AuthenticatorOptions>;
    limits?: GatewayLimits;
  } & InMemoryOptions = {},
): Bed {
  const lines: Bed['lines'] = [];
  const log = recordingLog(lines);
  const metrics = new Metrics({ processMetrics: false });
  const metadata = new ScriptedMetadata();
  const tenants = new TenantDirectory([tenant]);
  const authenticator = new Authenticator({
    users: [{ name: 'ann', tenant: 'acme', password: 'secret' }],
    tenants,
    listeners: [
      { name: 'kafka', defaultTenant: 'acme', ...(settings.anonymous && { anonymousTenant: 'acme' }) },
    ],
    log,
    failureFloorMs: 20,
    ...settings.authentication,
  });
  const table: ApiTable = new ApiTable([
    metadata,
    apiVersionsHandler(() => table),
    saslHandshakeHandler,
    saslAuthenticateHandler,
  ]);
  const options = kafkaOptionsSchema.parse(settings.options);
  const pulsar = { admin: {} } as unknown as PulsarClient;
  const services = {
    pulsar,
    authenticator,
    authorizer: new Authorizer([]),
    limits: new RateLimits(settings.authentication?.tenants ?? tenants, { gateway: settings.limits }),
    options,
    log,
    metrics,
  };
  const protocol = new KafkaProtocol(services, table);
  const memory = inMemoryLink(protocol, { ...settings, log, counters: metrics.protocol('kafka') });
  const kafka = new KafkaClient(memory.client);
  const ask = (topic: string) => kafka.send(metadataApi, 1, { topics: [{ name: topic }] });
  return { ...memory, metadata, metrics, lines, kafka, authenticator, limits: services.limits, ask };
}

export const soon = () => new Promise((resolve) => setTimeout(resolve, 10));
export const plain = (password: string) => Buffer.from(`\0ann\0${password}`);

export async function authenticate({ kafka }: Bed): Promise<void> {
  await kafka.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
  await kafka.call(saslAuthenticateApi, 2, { authBytes: plain('secret') });
}
