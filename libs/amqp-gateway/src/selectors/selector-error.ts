/** Why a text is no selector, and where. Without a stack: clients choose the text. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';

  /** @param at characters before it */
  constructor(message: string, at: number) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${message} at character ${at + 1}`);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
