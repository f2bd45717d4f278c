import type { RequestContext } from '../handler.js';

/** What a request takes while it waits for others: what it said was copied by then, or is not needed. */
const waitingBytes = 1_024;

export interface WaitingAnswer<T> {
  /** The first answer counts. */
  readonly answer: (answer: T) => void;
  /** The response: at once where the answer came already. */
  answered<R>(respond: (answer: T) => R): R | Promise<R>;
}

/** An answer that may come much later. A gateway that stops does not wait for it: it gives `whenDraining` instead. */
export function untilDrained<T>(context: RequestContext, whenDraining: T): WaitingAnswer<T> {
  let given: { readonly answer: T } | undefined;
  let deliver: ((answer: T) => void) | undefined;
  const answer = (value: T) => {
    if (given !== undefined) return;
    given = { answer: value };
    deliver?.(value);
  };
  return {
    answer,
    answered(respond) {
      if (given !== undefined) return respond(given.answer);
      context.recount(waitingBytes);
      return new Promise((resolve) => {
        const cancel = context.connection.whenDraining(() => answer(whenDraining));
        deliver = (value) => {
          cancel();
          resolve(respond(value));
        };
        if (given !== undefined) deliver(given.answer);
      });
    },
  };
}
