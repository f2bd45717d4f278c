export type SliceUnavailableReason =
  /** Another gateway holds it, or is to. */
  | 'elsewhere'
  /** It is being replayed. */
  | 'loading'
  /** Pulsar does not confirm that it is ours, or an attempt failed and the next is not due. */
  | 'unconfirmed';

/** Why a slice cannot be served at this moment. */
export class SliceUnavailable extends Error {
  override readonly name = 'SliceUnavailable';

  constructor(
    readonly reason: SliceUnavailableReason,
    message: string,
  ) {
    super(message);
  }
}
