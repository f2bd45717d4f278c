// Serial numbers of 32 bits (RFC 1982): delivery ids, transfer ids and delivery counts (AMQP 2.8.10).

export function serialAdd(serial: number, n: number): number {
  return (serial + n) >>> 0;
}

/** How far `to` is ahead of `from`; below 0: behind it. Numbers 2^31 apart are as far as any can be. */
export function serialDistance(from: number, to: number): number {
  return (to - from) | 0;
}
