// The AMQP 0-9-1 clients of a benchmark, in a process of their own.
import { type PublishLoad, publishLoad } from './publishing.js';

export interface LoadCall {
  readonly kind: 'publish';
  readonly load: PublishLoad;
}

export type LoadAnswer = { readonly result: unknown } | { readonly error: string };

process.on('message', ({ load }: LoadCall) => {
  publishLoad(load).then(
    (result) => process.send!({ result } satisfies LoadAnswer),
    (error: Error) => process.send!({ error: error.message } satisfies LoadAnswer),
  );
});
