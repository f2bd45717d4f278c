import type { Buffer } from 'node:buffer';
import { API_VERSIONS_KEY, isFlexible, kafkaApiByKey } from './api-lookup.js';
import type { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { KafkaDecodeError } from './kafka-codec.errors.js';

/** RequestHeader.json: version 2 where the API's version is flexible, else 1. */
export interface RequestHeader {
  readonly apiKey: number;
  /** Not checked against the API's range: answering an unknown version is the gateway's business. */
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly headerVersion: 1 | 2;
}

/**
 * Reads the header in front of a request's body.
 *
 * An ApiVersions request of a version from the future is still answered (KIP-511), so of its header only what
 * every version has is read; its body is not to be decoded.
 *
 * @throws KafkaDecodeError `unsupported-api` for an unknown ApiKey: what follows cannot be read
 */
export function decodeRequestHeader(reader: ByteReader): RequestHeader {
  const apiKey = reader.readInt16();
  const apiVersion = reader.readInt16();
  const correlationId = reader.readInt32();
  const api = kafkaApiByKey(apiKey);
  if (!api) throw new KafkaDecodeError('unsupported-api', `no ApiKey ${apiKey} (version ${apiVersion})`);
  const headerVersion = isFlexible(api, apiVersion) ? 2 : 1;
  // Length as INT16 in both header versions, so that any broker can read any ApiVersions request.
  const clientId = reader.readNullableString();
  const fromTheFuture = apiKey === API_VERSIONS_KEY && apiVersion > api.versionMax;
  if (headerVersion === 2 && !fromTheFuture) reader.skipTags();
  return { apiKey, apiVersion, correlationId, clientId, headerVersion };
}

/** A whole request with its size prefix, as a client sends it. */
export function encodeRequestFrame(
  header: Omit<RequestHeader, 'headerVersion'>,
  encodeBody: (writer: ByteWriter) => void,
): Buffer {
  const api = kafkaApiByKey(header.apiKey);
  const writer = new ByteWriter();
  const frame = writer.beginFrame();
  writer.writeInt16(header.apiKey);
  writer.writeInt16(header.apiVersion);
  writer.writeInt32(header.correlationId);
  writer.writeNullableString(header.clientId);
  if (api && isFlexible(api, header.apiVersion)) writer.writeUnsignedVarint(0);
  encodeBody(writer);
  writer.endFrame(frame);
  return writer.detach();
}
