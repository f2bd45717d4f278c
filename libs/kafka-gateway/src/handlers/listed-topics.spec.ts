import { describe, expect, it } from '@jest/globals';
import type { Resource } from '#libs/auth';
import type { DescribeTopicPartitionsRequest, MetadataRequest } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { describeTopicPartitionsHandler } from './describe-topic-partitions.handler.js';
import { metadataHandler } from './metadata.handler.js';

const names = Array.from({ length: 300 }, (_, at) => `topic${at}`);
const decisionMs = 1;

/** A tenant with so many rules that each decision takes its time; only `topic0` may be seen. */
function context(apiVersion: number): RequestContext {
  const topic = { name: 'topic0', partitions: 0, id: Buffer.alloc(16) };
  return {
    connection: { closed: false, link: { listener: { name: 'kafka' } } },
    principal: { tenant: { name: 'acme', kafka: {} } },
    header: { apiVersion },
    gateway: {
      cluster: { self: { nodeId: 0, listeners: [] }, members: () => [] },
      topics: {
        names: async () => names,
        clusterId: async () => 'c',
        resolve: async () => topic,
        resolveListed: async () => topic,
      },
    },
    authorize: (_action: string, { name }: Resource) => {
      const until = performance.now() + decisionMs;
      while (performance.now() < until);
      return name === 'topic0';
    },
    refused: () => {},
  } as unknown as RequestContext;
}

describe('a list of all topics', () => {
  it.each([
    ['Metadata', () => metadataHandler.handle({ topics: null } as MetadataRequest, context(7))],
    [
      'DescribeTopicPartitions',
      () =>
        describeTopicPartitionsHandler.handle(
          {
            topics: [],
            cursor: null,
            responsePartitionLimit: 2_000,
          } as unknown as DescribeTopicPartitionsRequest,
          context(0),
        ),
    ],
  ])('lets others have their turn while it is decided what may be seen: %s', async (_name, list) => {
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const answer = await list();
    done = true;
    expect(answer).toMatchObject({ topics: [{ name: 'topic0' }] });
    expect(turns).toBeGreaterThan(3);
  });
});
