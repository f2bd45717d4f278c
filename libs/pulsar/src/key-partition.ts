/**
 * Kafka's murmur2 (`org.apache.kafka.common.utils.Utils.murmur2`), of UTF-8: so that a key has the same partition whoever
 * chose it, a gateway or a Kafka producer with its default partitioner.
 */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995;
  const { length } = bytes;
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  const rest = length - at;
  if (rest > 2) hash ^= bytes[at + 2]! << 16;
  if (rest > 1) hash ^= bytes[at + 1]! << 8;
  if (rest > 0) hash = Math.imul(hash ^ bytes[at]!, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/** What of {@link murmur2} chooses the partition: its remainder by their number (`BuiltInPartitioner.partitionForKey`). */
export function keyHash(key: string | Buffer): number {
  return murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff;
}
