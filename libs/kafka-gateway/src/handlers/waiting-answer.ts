import type { RequestContext } from '../handler.js';

/** What a request takes while it waits for others: what it said was copied by then, or is not needed. */
const waitingBytes = 1_024;

export interface WaitingAnswer<T> {
  /** The first answer counts. */
  readonly answer: (answer: T) => void;
  /** The response: at once where the answer came already. */
  answered<R>(respond: (answer: T) => R): R | Promise<R>;
}

/** An answer that may come much later. A gateway that stops does not wait for it, nor for a client that is gone: `otherwise`. */
export function waitingAnswer<T>(context: RequestContext, otherwise: T): WaitingAnswer<T> {
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
      const { connection } = context;
      context.recount(waitingBytes);
      return new Promise((resolve) => {
        const cancels = [
          connection.whenDraining(() => answer(otherwise)),
          connection.whenClosed(() => answer(otherwise)),
        ];
        deliver = (value) => {
          for (const cancel of cancels) cancel();
          resolve(respond(value));
        };
        if (given !== undefined) deliver(given.answer);
      });
    },
  };
}
