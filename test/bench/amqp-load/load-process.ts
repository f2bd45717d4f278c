// The AMQP clients of a benchmark, in a process of their own.
import type { AmqpSocket } from './amqp-socket.js';
import { attachReceivers, type ReceiveLoad, receiveLoad } from './receiving.js';
import { type SendLoad, sendLoad } from './sending.js';

export type LoadCall =
  | { readonly kind: 'send'; readonly load: SendLoad }
  | { readonly kind: 'receive'; readonly load: ReceiveLoad }
  /** They stay until `detach`. */
  | { readonly kind: 'attach'; readonly load: ReceiveLoad }
  | { readonly kind: 'detach' };

export type LoadAnswer = { readonly result: unknown } | { readonly error: string };

const attached: AmqpSocket[] = [];

async function answerTo(call: LoadCall): Promise<unknown> {
  switch (call.kind) {
    case 'send':
      return sendLoad(call.load);
    case 'receive':
      await receiveLoad(call.load);
      return {};
    case 'attach':
      attached.push(...(await attachReceivers(call.load, 'idle')));
      for (const client of attached) client.credit(0, call.load.credit);
      return {};
    case 'detach':
      for (const client of attached.splice(0)) client.close();
      return {};
  }
}

process.on('message', (call: LoadCall) => {
  answerTo(call).then(
    (result) => process.send!({ result } satisfies LoadAnswer),
    (error: Error) => process.send!({ error: error.message } satisfies LoadAnswer),
  );
});
