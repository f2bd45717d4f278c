import type { Buffer } from 'node:buffer';
import type { OutgoingDelivery } from '../node.js';

const noParts: readonly Buffer[] = [];

/** Who hears that the bytes of a delivery are gone. */
export interface SentListener {
  onSent(bytes: number): void;
}

/** A message for a link. */
export class SourceDelivery implements OutgoingDelivery {
  parts: readonly Buffer[];

  constructor(
    private readonly listener: SentListener,
    /** -1 of an entry that is no batch. */
    readonly batchIndex: number,
    /** Unsuccessful deliveries before this one, from here. */
    readonly redeliveries: number,
    parts: readonly Buffer[],
    readonly bytes: number,
  ) {
    this.parts = parts;
  }

  sent(): void {
    if (this.parts === noParts) return;
    this.parts = noParts;
    this.listener.onSent(this.bytes);
  }
}

export function bytesOf(parts: readonly Buffer[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}
