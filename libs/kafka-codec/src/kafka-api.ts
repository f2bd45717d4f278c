import type { Buffer } from 'node:buffer';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/**
 * What an encoder accepts for a decoded type `T`: every field may be left out (the specification's default is
 * written), INT64 also as a safe integer, byte fields as any Uint8Array, records also as several that follow each
 * other. In Kafka's definitions every field of type `records` has that name, and none of another type has.
 */
export type Encodable<T> = T extends Buffer
  ? Uint8Array
  : T extends bigint
    ? bigint | number
    : T extends readonly (infer E)[]
      ? readonly Encodable<E>[]
      : T extends object
        ? { readonly [K in keyof T]?: K extends 'records' ? EncodableRecords : Encodable<T[K]> }
        : T;

type EncodableRecords = Uint8Array | readonly Uint8Array[] | null;

/** One ApiKey with its range of versions; the range is what the codec can do, not what a gateway advertises. */
export interface KafkaApi<Request = unknown, Response = unknown> {
  readonly key: number;
  /** As in Kafka's ApiKeys, e.g. `Produce`. */
  readonly name: string;
  readonly versionMin: number;
  readonly versionMax: number;
  /** The first version with tagged fields and header version 2 (KIP-482); -1 when none has them. */
  readonly flexibleSince: number;
  /** The newest version may still change in Kafka: do not advertise it. */
  readonly latestVersionUnstable: boolean;
  decodeRequest(reader: ByteReader, version: number): Request;
  encodeRequest(writer: ByteWriter, value: Encodable<Request>, version: number): void;
  decodeResponse(reader: ByteReader, version: number): Response;
  encodeResponse(writer: ByteWriter, value: Encodable<Response>, version: number): void;
}

/** {@link KafkaApi} with the types of its messages forgotten, as tables hold them. */
// biome-ignore lint/suspicious/noExplicitAny: a table of APIs is heterogeneous; each entry is typed by itself
export type AnyKafkaApi = KafkaApi<any, any>;
