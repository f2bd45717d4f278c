// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DescribeUserScramCredentialsRequest {
  /** The users to describe, or null/empty to describe all users. (versions 0+, nullable 0+) */
  users: DescribeUserScramCredentialsRequestUserName[] | null;
}

export interface DescribeUserScramCredentialsRequestUserName {
  /** The user name. (versions 0+) */
  name: string;
}

export function decodeDescribeUserScramCredentialsRequest(
  reader: ByteReader,
  version: number,
): DescribeUserScramCredentialsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeUserScramCredentialsRequest', version);
  let users: DescribeUserScramCredentialsRequestUserName[] | null;
  const usersCount = reader.readCompactArrayCount(2);
  if (usersCount < 0) users = null;
  else {
    users = [];
    for (let count = usersCount; count > 0; count--) users.push(decodeDescribeUserScramCredentialsRequestUserName(reader, version));
  }
  reader.skipTags();
  return { users };
}

export function encodeDescribeUserScramCredentialsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeUserScramCredentialsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeUserScramCredentialsRequest', version);
  const users = value.users === undefined ? [] : value.users;
  if (users === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(users.length);
    for (const item of users) encodeDescribeUserScramCredentialsRequestUserName(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

function decodeDescribeUserScramCredentialsRequestUserName(
  reader: ByteReader,
  _version: number,
): DescribeUserScramCredentialsRequestUserName {
  const name = reader.readCompactString();
  reader.skipTags();
  return { name };
}

function encodeDescribeUserScramCredentialsRequestUserName(
  writer: ByteWriter,
  value: Encodable<DescribeUserScramCredentialsRequestUserName>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DescribeUserScramCredentialsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The message-level error code, 0 except for user authorization or infrastructure issues. (versions 0+) */
  errorCode: number;
  /** The message-level error message, if any. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The results for descriptions, one per user. (versions 0+) */
  results: DescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult[];
}

export interface DescribeUserScramCredentialsResponseCredentialInfo {
  /** The SCRAM mechanism. (versions 0+) */
  mechanism: number;
  /** The number of iterations used in the SCRAM credential. (versions 0+) */
  iterations: number;
}

export interface DescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult {
  /** The user name. (versions 0+) */
  user: string;
  /** The user-level error code. (versions 0+) */
  errorCode: number;
  /** The user-level error message, if any. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The mechanism and related information associated with the user's SCRAM credentials. (versions 0+) */
  credentialInfos: DescribeUserScramCredentialsResponseCredentialInfo[];
}

export function decodeDescribeUserScramCredentialsResponse(
  reader: ByteReader,
  version: number,
): DescribeUserScramCredentialsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeUserScramCredentialsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const results: DescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    results.push(decodeDescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, results };
}

export function encodeDescribeUserScramCredentialsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeUserScramCredentialsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeUserScramCredentialsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeDescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeUserScramCredentialsResponseCredentialInfo(
  reader: ByteReader,
  _version: number,
): DescribeUserScramCredentialsResponseCredentialInfo {
  const mechanism = reader.readInt8();
  const iterations = reader.readInt32();
  reader.skipTags();
  return { mechanism, iterations };
}

function encodeDescribeUserScramCredentialsResponseCredentialInfo(
  writer: ByteWriter,
  value: Encodable<DescribeUserScramCredentialsResponseCredentialInfo>,
  _version: number,
): void {
  const mechanism = value.mechanism ?? 0;
  writer.writeInt8(mechanism);
  const iterations = value.iterations ?? 0;
  writer.writeInt32(iterations);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult(
  reader: ByteReader,
  version: number,
): DescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult {
  const user = reader.readCompactString();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const credentialInfos: DescribeUserScramCredentialsResponseCredentialInfo[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    credentialInfos.push(decodeDescribeUserScramCredentialsResponseCredentialInfo(reader, version));
  }
  reader.skipTags();
  return { user, errorCode, errorMessage, credentialInfos };
}

function encodeDescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult(
  writer: ByteWriter,
  value: Encodable<DescribeUserScramCredentialsResponseDescribeUserScramCredentialsResult>,
  version: number,
): void {
  const user = value.user ?? '';
  writer.writeCompactString(user);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  const credentialInfos = value.credentialInfos ?? [];
  writer.writeCompactArrayCount(credentialInfos.length);
  for (const item of credentialInfos) encodeDescribeUserScramCredentialsResponseCredentialInfo(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** DescribeUserScramCredentials, ApiKey 50: versions 0, flexible since 0. */
export const describeUserScramCredentialsApi: KafkaApi<DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse> = {
  key: 50,
  name: 'DescribeUserScramCredentials',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeUserScramCredentialsRequest,
  encodeRequest: encodeDescribeUserScramCredentialsRequest,
  decodeResponse: decodeDescribeUserScramCredentialsResponse,
  encodeResponse: encodeDescribeUserScramCredentialsResponse,
};
