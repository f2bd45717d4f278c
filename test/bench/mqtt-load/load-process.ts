// The clients of a benchmark, in a process of their own.
import { answerCalls } from '../load-clients.js';
import { connectAll, type FanOutLoad, fanOutLoad } from './receiving.js';
import { type PublishLoad, publishLoad } from './publishing.js';
import type { MqttSocket } from './mqtt-socket.js';

export interface IdleLoad {
  readonly endpoint: string;
  readonly clientId: string;
  readonly connections: number;
}

export type LoadCall =
  | { readonly kind: 'publish'; readonly load: PublishLoad }
  | { readonly kind: 'fan-out'; readonly load: FanOutLoad }
  /** They stay until `disconnect`. */
  | { readonly kind: 'connect'; readonly load: IdleLoad }
  | { readonly kind: 'disconnect' };

const idle: MqttSocket[] = [];

answerCalls(async (call: LoadCall) => {
  switch (call.kind) {
    case 'publish':
      return publishLoad(call.load);
    case 'fan-out':
      return fanOutLoad(call.load);
    case 'connect': {
      const { endpoint, clientId, connections } = call.load;
      const began = performance.now();
      idle.push(...(await connectAll(endpoint, clientId, connections)));
      return { seconds: (performance.now() - began) / 1_000 };
    }
    case 'disconnect':
      for (const client of idle.splice(0)) client.close();
      return;
  }
});
