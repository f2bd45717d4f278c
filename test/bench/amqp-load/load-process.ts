// The AMQP clients of a benchmark, in a process of their own.
import { answerCalls } from '../load-clients.js';
import type { AmqpSocket } from './amqp-socket.js';
import { attachReceivers, type ReceiveLoad, receiveLoad } from './receiving.js';
import { type SendLoad, sendLoad } from './sending.js';

export type LoadCall =
  | { readonly kind: 'send'; readonly load: SendLoad }
  | { readonly kind: 'receive'; readonly load: ReceiveLoad }
  /** They stay until `detach`. */
  | { readonly kind: 'attach'; readonly load: Omit<ReceiveLoad, 'messages'> }
  | { readonly kind: 'detach' };

const attached: AmqpSocket[] = [];

answerCalls(async (call: LoadCall) => {
  switch (call.kind) {
    case 'send':
      return sendLoad(call.load);
    case 'receive':
      return receiveLoad(call.load);
    case 'attach':
      attached.push(...(await attachReceivers(call.load, 'idle')));
      for (const client of attached) client.credit(0, call.load.credit);
      return;
    case 'detach':
      for (const client of attached.splice(0)) client.close();
      return;
  }
});
