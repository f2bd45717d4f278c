// The clients of a benchmark, in a process of their own.
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

export type LoadAnswer = { readonly result: unknown } | { readonly error: string };

const idle: MqttSocket[] = [];

async function answerTo(call: LoadCall): Promise<unknown> {
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
      return {};
  }
}

process.on('message', (call: LoadCall) => {
  answerTo(call).then(
    (result) => process.send!({ result } satisfies LoadAnswer),
    (error: Error) => process.send!({ error: error.message } satisfies LoadAnswer),
  );
});
