// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface CreateDelegationTokenRequest {
  /** The principal type of the owner of the token. If it's null it defaults to the token request principal. (versions 3+, nullable 3+) */
  ownerPrincipalType: string | null;
  /** The principal name of the owner of the token. If it's null it defaults to the token request principal. (versions 3+, nullable 3+) */
  ownerPrincipalName: string | null;
  /** A list of those who are allowed to renew this token before it expires. (versions 0+) */
  renewers: CreateDelegationTokenRequestCreatableRenewers[];
  /** The maximum lifetime of the token in milliseconds, or -1 to use the server side default. (versions 0+) */
  maxLifetimeMs: bigint;
}

export interface CreateDelegationTokenRequestCreatableRenewers {
  /** The type of the Kafka principal. (versions 0+) */
  principalType: string;
  /** The name of the Kafka principal. (versions 0+) */
  principalName: string;
}

export function decodeCreateDelegationTokenRequest(
  reader: ByteReader,
  version: number,
): CreateDelegationTokenRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreateDelegationTokenRequest', version);
  const flexible = version >= 2;
  let ownerPrincipalType: string | null = '';
  if (version >= 3) {
    ownerPrincipalType = reader.readCompactNullableString();
  }
  let ownerPrincipalName: string | null = '';
  if (version >= 3) {
    ownerPrincipalName = reader.readCompactNullableString();
  }
  const renewers: CreateDelegationTokenRequestCreatableRenewers[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    renewers.push(decodeCreateDelegationTokenRequestCreatableRenewers(reader, version));
  }
  const maxLifetimeMs = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { ownerPrincipalType, ownerPrincipalName, renewers, maxLifetimeMs };
}

export function encodeCreateDelegationTokenRequest(
  writer: ByteWriter,
  value: Encodable<CreateDelegationTokenRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreateDelegationTokenRequest', version);
  const flexible = version >= 2;
  if (version >= 3) {
    const ownerPrincipalType = value.ownerPrincipalType === undefined ? '' : value.ownerPrincipalType;
    writer.writeCompactNullableString(ownerPrincipalType);
  } else if (value.ownerPrincipalType !== undefined && value.ownerPrincipalType !== '') notInVersion('CreateDelegationTokenRequest.ownerPrincipalType', version);
  if (version >= 3) {
    const ownerPrincipalName = value.ownerPrincipalName === undefined ? '' : value.ownerPrincipalName;
    writer.writeCompactNullableString(ownerPrincipalName);
  } else if (value.ownerPrincipalName !== undefined && value.ownerPrincipalName !== '') notInVersion('CreateDelegationTokenRequest.ownerPrincipalName', version);
  const renewers = value.renewers ?? [];
  if (flexible) writer.writeCompactArrayCount(renewers.length);
  else writer.writeArrayCount(renewers.length);
  for (const item of renewers) encodeCreateDelegationTokenRequestCreatableRenewers(writer, item, version);
  const maxLifetimeMs = value.maxLifetimeMs ?? 0n;
  writer.writeInt64(maxLifetimeMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateDelegationTokenRequestCreatableRenewers(
  reader: ByteReader,
  version: number,
): CreateDelegationTokenRequestCreatableRenewers {
  const flexible = version >= 2;
  const principalType = flexible ? reader.readCompactString() : reader.readString();
  const principalName = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { principalType, principalName };
}

function encodeCreateDelegationTokenRequestCreatableRenewers(
  writer: ByteWriter,
  value: Encodable<CreateDelegationTokenRequestCreatableRenewers>,
  version: number,
): void {
  const flexible = version >= 2;
  const principalType = value.principalType ?? '';
  flexible ? writer.writeCompactString(principalType) : writer.writeString(principalType);
  const principalName = value.principalName ?? '';
  flexible ? writer.writeCompactString(principalName) : writer.writeString(principalName);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-3. */
export interface CreateDelegationTokenResponse {
  /** The top-level error, or zero if there was no error. (versions 0+) */
  errorCode: number;
  /** The principal type of the token owner. (versions 0+) */
  principalType: string;
  /** The name of the token owner. (versions 0+) */
  principalName: string;
  /** The principal type of the requester of the token. (versions 3+) */
  tokenRequesterPrincipalType: string;
  /** The principal type of the requester of the token. (versions 3+) */
  tokenRequesterPrincipalName: string;
  /** When this token was generated. (versions 0+) */
  issueTimestampMs: bigint;
  /** When this token expires. (versions 0+) */
  expiryTimestampMs: bigint;
  /** The maximum lifetime of this token. (versions 0+) */
  maxTimestampMs: bigint;
  /** The token UUID. (versions 0+) */
  tokenId: string;
  /** HMAC of the delegation token. (versions 0+) */
  hmac: Buffer;
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
}

export function decodeCreateDelegationTokenResponse(
  reader: ByteReader,
  version: number,
): CreateDelegationTokenResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreateDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const principalType = flexible ? reader.readCompactString() : reader.readString();
  const principalName = flexible ? reader.readCompactString() : reader.readString();
  let tokenRequesterPrincipalType: string = '';
  if (version >= 3) {
    tokenRequesterPrincipalType = reader.readCompactString();
  }
  let tokenRequesterPrincipalName: string = '';
  if (version >= 3) {
    tokenRequesterPrincipalName = reader.readCompactString();
  }
  const issueTimestampMs = reader.readInt64();
  const expiryTimestampMs = reader.readInt64();
  const maxTimestampMs = reader.readInt64();
  const tokenId = flexible ? reader.readCompactString() : reader.readString();
  const hmac = flexible ? reader.readCompactBytes() : reader.readBytes();
  const throttleTimeMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, principalType, principalName, tokenRequesterPrincipalType, tokenRequesterPrincipalName, issueTimestampMs, expiryTimestampMs, maxTimestampMs, tokenId, hmac, throttleTimeMs };
}

export function encodeCreateDelegationTokenResponse(
  writer: ByteWriter,
  value: Encodable<CreateDelegationTokenResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreateDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const principalType = value.principalType ?? '';
  flexible ? writer.writeCompactString(principalType) : writer.writeString(principalType);
  const principalName = value.principalName ?? '';
  flexible ? writer.writeCompactString(principalName) : writer.writeString(principalName);
  if (version >= 3) {
    const tokenRequesterPrincipalType = value.tokenRequesterPrincipalType ?? '';
    writer.writeCompactString(tokenRequesterPrincipalType);
  } else if (value.tokenRequesterPrincipalType !== undefined && value.tokenRequesterPrincipalType !== '') notInVersion('CreateDelegationTokenResponse.tokenRequesterPrincipalType', version);
  if (version >= 3) {
    const tokenRequesterPrincipalName = value.tokenRequesterPrincipalName ?? '';
    writer.writeCompactString(tokenRequesterPrincipalName);
  } else if (value.tokenRequesterPrincipalName !== undefined && value.tokenRequesterPrincipalName !== '') notInVersion('CreateDelegationTokenResponse.tokenRequesterPrincipalName', version);
  const issueTimestampMs = value.issueTimestampMs ?? 0n;
  writer.writeInt64(issueTimestampMs);
  const expiryTimestampMs = value.expiryTimestampMs ?? 0n;
  writer.writeInt64(expiryTimestampMs);
  const maxTimestampMs = value.maxTimestampMs ?? 0n;
  writer.writeInt64(maxTimestampMs);
  const tokenId = value.tokenId ?? '';
  flexible ? writer.writeCompactString(tokenId) : writer.writeString(tokenId);
  const hmac = value.hmac ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(hmac) : writer.writeBytes(hmac);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** CreateDelegationToken, ApiKey 38: versions 0-3, flexible since 2. */
export const createDelegationTokenApi: KafkaApi<CreateDelegationTokenRequest, CreateDelegationTokenResponse> = {
  key: 38,
  name: 'CreateDelegationToken',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeCreateDelegationTokenRequest,
  encodeRequest: encodeCreateDelegationTokenRequest,
  decodeResponse: decodeCreateDelegationTokenResponse,
  encodeResponse: encodeCreateDelegationTokenResponse,
};
