import type { Buffer } from 'node:buffer';
import { ByteReader, decodeRequestHeader } from '#libs/kafka-codec';
import type { AnyApiHandler } from '../handler.js';

/** Of a frame that was decoded before. */
export function decodeBody(handler: AnyApiHandler, frame: Buffer): unknown {
  const reader = new ByteReader(frame);
  const { apiVersion } = decodeRequestHeader(reader);
  return handler.api.decodeRequest(reader, apiVersion);
}
