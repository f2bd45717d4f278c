/** Of each tenant. */
export interface RetainedOptions {
  /** Topics that have a retained message; those that clients cleared do not count. */
  readonly retainedMessagesMax: number;
  /** Bytes of all of them, the index included. */
  readonly retainedBytesMax: number;
  /** Payload and properties of one. */
  readonly retainedMessageBytesMax: number;
}

export const retainedDefaults: RetainedOptions = {
  retainedMessagesMax: 100_000,
  retainedBytesMax: 64 * 1024 * 1024,
  retainedMessageBytesMax: 256 * 1024,
};
