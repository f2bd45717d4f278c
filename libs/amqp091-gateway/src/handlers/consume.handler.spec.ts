import { afterEach, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { amqp091OptionsSchema } from '../amqp091.options.js';
import { ConsumingServices } from '../consuming/consuming-services.js';
import type { QueueKeeper } from '../keepers/queue-keeper.js';
import { type Amqp091Bed, amqp091Bed } from '../testing/amqp091-bed.js';
import { declare, opened } from '../testing/publisher.js';
import { consumeMethods } from './consume.handler.js';

let bed: Amqp091Bed;
afterEach(() => bed.close());

it('refuses a consumer whose queue is deleted before it is told that it consumes', async () => {
  const keeper: Pick<QueueKeeper, 'register' | 'used'> = {
    used() {},
    register: async (_topology, _queue, { onQueueGone }) => {
      await onQueueGone();
      return { isActive: false, leave: async () => {} };
    },
  };
  const parts = { keeper, options: amqp091OptionsSchema.parse({}), log: silentLog };
  const consuming = new ConsumingServices({ ...parts, authorizer: { version: () => 0 } } as never);
  bed = await amqp091Bed({ parts: [consumeMethods], services: { keeper: keeper as never, consuming } });
  const client = await opened(bed);
  await declare(client, 'q');
  const asked = client.consume('q', { consumerTag: 'c' });
  await expect(asked).rejects.toThrow("404 NOT_FOUND - no queue 'q' in vhost '/'");
  expect(client.has('basic.cancel')).toBe(false);
  await consuming.close();
});
