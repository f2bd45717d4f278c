// The AMQP 0-9-1 clients of a benchmark, in a process of their own.
import { answerCalls } from '../load-clients.js';
import { consume, type ConsumeLoad, consumeLoad, openConsumers } from './consuming.js';
import type { LoadSocket } from './load-socket.js';
import { type PublishLoad, publishLoad } from './publishing.js';

export type LoadCall =
  | { readonly kind: 'publish'; readonly load: PublishLoad }
  | { readonly kind: 'consume'; readonly load: ConsumeLoad }
  /** Consumers that stay until `detach`. */
  | { readonly kind: 'attach'; readonly load: Omit<ConsumeLoad, 'ackMessages' | 'messages'> }
  | { readonly kind: 'detach' };

const attached: LoadSocket[] = [];

answerCalls(async (call: LoadCall) => {
  switch (call.kind) {
    case 'publish':
      return publishLoad(call.load);
    case 'consume':
      return consumeLoad(call.load);
    case 'attach':
      attached.push(...(await openConsumers(call.load)));
      for (const { socket } of attached) socket.write(consume(call.load.queue));
      return;
    case 'detach':
      for (const client of attached.splice(0)) client.close();
      return;
  }
});
