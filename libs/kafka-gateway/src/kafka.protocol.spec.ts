import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authenticator, Authorizer } from '#libs/auth';
import { apiVersionsApi, fetchApi, findCoordinatorApi, KafkaErrorCode } from '#libs/kafka-codec';
import type { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { kafkaOptionsSchema } from './kafka.options.js';
import { KafkaProtocol } from './kafka.protocol.js';
import { KafkaClient } from './testing/kafka-client.js';

let protocol: KafkaProtocol;
let kafka: KafkaClient;
const metrics = new Metrics({ processMetrics: false });

beforeAll(() => {
  const tenants = new TenantDirectory([
    {
      name: 'acme',
      pulsarNamespace: 'acme/kafka',
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
    },
  ]);
  protocol = new KafkaProtocol({
    pulsar: { admin: {} } as unknown as PulsarClient,
    authenticator: new Authenticator({
      users: [],
      tenants,
      listeners: [{ name: 'kafka', anonymousTenant: 'acme' }],
      log: silentLog,
    }),
    authorizer: new Authorizer([]),
    limits: new RateLimits(tenants),
    options: kafkaOptionsSchema.parse(undefined),
    log: silentLog,
    metrics,
  });
  kafka = new KafkaClient(inMemoryLink(protocol, { counters: metrics.protocol('kafka') }).client);
});

afterAll(() => protocol.close());

describe('the Kafka front', () => {
  it('advertises what it serves', async () => {
    const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const { apiKeys } = await kafka.call(apiVersionsApi, 4, software);
    expect(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])).toEqual([
      [0, 0, 13],
      [1, 0, 18],
      [2, 0, 11],
      [3, 0, 13],
      [8, 0, 10],
      [9, 0, 10],
      [10, 0, 6],
      [11, 0, 9],
      [12, 0, 4],
      [13, 0, 5],
      [14, 0, 5],
      [15, 0, 6],
      [16, 0, 5],
      [17, 0, 1],
      [18, 0, 4],
      [19, 0, 7],
      [20, 0, 6],
      [21, 0, 2],
      [22, 0, expect.any(Number)],
      [23, 0, 4],
      [29, 0, 3],
      [30, 0, 3],
      [31, 0, 3],
      [32, 0, 4],
      [33, 0, 2],
      [35, 0, 5],
      [36, 0, 2],
      [37, 0, 3],
      [42, 0, 2],
      [43, 0, 2],
      [44, 0, 1],
      [47, 0, 0],
      [48, 0, 1],
      [49, 0, 1],
      [50, 0, 0],
      [51, 0, 0],
      [60, 0, 2],
      [61, 0, 0],
      [68, 0, 1],
      [69, 0, 1],
      [75, 0, 0],
    ]);
  });

  it.each([0, 4, 12])('asks for permission before it reads (Fetch v%i)', async (version) => {
    const partition = { partition: 1, fetchOffset: 0n, partitionMaxBytes: 1_000 };
    const { responses } = await kafka.call(fetchApi, version, {
      topics: [{ topic: 'a', partitions: [partition] }],
    });
    const errorCode = KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED;
    expect(responses).toMatchObject([{ topic: 'a', partitions: [{ partitionIndex: 1, errorCode }] }]);
  });

  it.each([0, 1, 2])('coordinates no transactions (FindCoordinator v%i)', async (version) => {
    const asked = { key: 'group', ...(version >= 1 && { keyType: 1 }) };
    const answer = await kafka.call(findCoordinatorApi, version, asked);
    // Nothing is allowed here: whether there is a coordinator is not told.
    const errorCode =
      version === 0
        ? KafkaErrorCode.GROUP_AUTHORIZATION_FAILED
        : KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(answer).toMatchObject({ errorCode, nodeId: -1 });
  });

  it('counts its refusals by code', () => {
    expect(metrics.errors('kafka', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED').value).toBe(2);
  });
});
