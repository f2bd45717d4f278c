import { Buffer } from 'node:buffer';
import { API_VERSIONS_KEY, isFlexible, kafkaApiByKey } from './api-lookup.js';
import type { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { AnyKafkaApi } from './kafka-api.js';
import type { RequestHeader } from './request-header.js';

/** Responses up to this size are written into one reused buffer and copied out; larger ones keep what they grew. */
const SCRATCH_BYTES_MAX = 64 * 1024;

/** Records from this size on are part of the response as they are; copying smaller ones costs less than a buffer each. */
const REFERENCE_BYTES_MIN = 2 * 1024;

let scratch: ByteWriter | undefined = new ByteWriter(4096);

/** ResponseHeader.json: version 1 where the API's version is flexible; always 0 for ApiVersions (KIP-511). */
export function responseHeaderVersion(apiKey: number, apiVersion: number): 0 | 1 {
  const api = kafkaApiByKey(apiKey);
  return api && apiKey !== API_VERSIONS_KEY && isFlexible(api, apiVersion) ? 1 : 0;
}

/**
 * A whole response with its size prefix: one buffer, or where it carries large records several, of which the records are
 * the very ones that were given.
 *
 * @param encodeBody writes the body and nothing else; what it throws is passed on
 */
export function encodeResponseFrame(
  correlationId: number,
  apiKey: number,
  apiVersion: number,
  encodeBody: (writer: ByteWriter) => void,
): Buffer | readonly Buffer[] {
  // Taken, not borrowed: a body that encodes another frame, or throws, leaves no half-used writer behind.
  const writer = scratch ?? new ByteWriter();
  scratch = undefined;
  writer.reset(REFERENCE_BYTES_MIN);
  const frame = writer.beginFrame();
  writer.writeInt32(correlationId);
  if (responseHeaderVersion(apiKey, apiVersion) === 1) writer.writeUnsignedVarint(0);
  encodeBody(writer);
  writer.endFrame(frame);
  if (writer.length > SCRATCH_BYTES_MAX && !writer.hasReferences) return writer.detach();
  const bytes = writer.hasReferences ? writer.parts() : Buffer.from(writer.written());
  if (writer.length <= SCRATCH_BYTES_MAX) {
    writer.reset();
    scratch = writer;
  }
  return bytes;
}

/** {@link encodeResponseFrame} of a response to the request that began with this header. */
export function encodeResponse(
  api: AnyKafkaApi,
  { correlationId, apiVersion }: Pick<RequestHeader, 'correlationId' | 'apiVersion'>,
  response: unknown,
): Buffer | readonly Buffer[] {
  return encodeResponseFrame(correlationId, api.key, apiVersion, (writer) =>
    api.encodeResponse(writer, response, apiVersion),
  );
}

/** Reads the header in front of a response's body and returns the correlation id. */
export function decodeResponseHeader(reader: ByteReader, apiKey: number, apiVersion: number): number {
  const correlationId = reader.readInt32();
  if (responseHeaderVersion(apiKey, apiVersion) === 1) reader.skipTags();
  return correlationId;
}
