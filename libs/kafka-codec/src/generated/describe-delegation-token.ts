// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface DescribeDelegationTokenRequest {
  /** Each owner that we want to describe delegation tokens for, or null to describe all tokens. (versions 0+, nullable 0+) */
  owners: DescribeDelegationTokenRequestDescribeDelegationTokenOwner[] | null;
}

export interface DescribeDelegationTokenRequestDescribeDelegationTokenOwner {
  /** The owner principal type. (versions 0+) */
  principalType: string;
  /** The owner principal name. (versions 0+) */
  principalName: string;
}

export function decodeDescribeDelegationTokenRequest(
  reader: ByteReader,
  version: number,
): DescribeDelegationTokenRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DescribeDelegationTokenRequest', version);
  const flexible = version >= 2;
  let owners: DescribeDelegationTokenRequestDescribeDelegationTokenOwner[] | null;
  const ownersCount = flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3);
  if (ownersCount < 0) owners = null;
  else {
    owners = [];
    for (let count = ownersCount; count > 0; count--) owners.push(decodeDescribeDelegationTokenRequestDescribeDelegationTokenOwner(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { owners };
}

export function encodeDescribeDelegationTokenRequest(
  writer: ByteWriter,
  value: Encodable<DescribeDelegationTokenRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DescribeDelegationTokenRequest', version);
  const flexible = version >= 2;
  const owners = value.owners === undefined ? [] : value.owners;
  if (owners === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(owners.length);
    else writer.writeArrayCount(owners.length);
    for (const item of owners) encodeDescribeDelegationTokenRequestDescribeDelegationTokenOwner(writer, item, version);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeDelegationTokenRequestDescribeDelegationTokenOwner(
  reader: ByteReader,
  version: number,
): DescribeDelegationTokenRequestDescribeDelegationTokenOwner {
  const flexible = version >= 2;
  const principalType = flexible ? reader.readCompactString() : reader.readString();
  const principalName = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { principalType, principalName };
}

function encodeDescribeDelegationTokenRequestDescribeDelegationTokenOwner(
  writer: ByteWriter,
  value: Encodable<DescribeDelegationTokenRequestDescribeDelegationTokenOwner>,
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
export interface DescribeDelegationTokenResponse {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The tokens. (versions 0+) */
  tokens: DescribeDelegationTokenResponseDescribedDelegationToken[];
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
}

export interface DescribeDelegationTokenResponseDescribedDelegationTokenRenewer {
  /** The renewer principal type. (versions 0+) */
  principalType: string;
  /** The renewer principal name. (versions 0+) */
  principalName: string;
}

export interface DescribeDelegationTokenResponseDescribedDelegationToken {
  /** The token principal type. (versions 0+) */
  principalType: string;
  /** The token principal name. (versions 0+) */
  principalName: string;
  /** The principal type of the requester of the token. (versions 3+) */
  tokenRequesterPrincipalType: string;
  /** The principal type of the requester of the token. (versions 3+) */
  tokenRequesterPrincipalName: string;
  /** The token issue timestamp in milliseconds. (versions 0+) */
  issueTimestamp: bigint;
  /** The token expiry timestamp in milliseconds. (versions 0+) */
  expiryTimestamp: bigint;
  /** The token maximum timestamp length in milliseconds. (versions 0+) */
  maxTimestamp: bigint;
  /** The token ID. (versions 0+) */
  tokenId: string;
  /** The token HMAC. (versions 0+) */
  hmac: Buffer;
  /** Those who are able to renew this token before it expires. (versions 0+) */
  renewers: DescribeDelegationTokenResponseDescribedDelegationTokenRenewer[];
}

export function decodeDescribeDelegationTokenResponse(
  reader: ByteReader,
  version: number,
): DescribeDelegationTokenResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DescribeDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const tokens: DescribeDelegationTokenResponseDescribedDelegationToken[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(30) : reader.readArrayCount(30)); count > 0; count--) {
    tokens.push(decodeDescribeDelegationTokenResponseDescribedDelegationToken(reader, version));
  }
  const throttleTimeMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, tokens, throttleTimeMs };
}

export function encodeDescribeDelegationTokenResponse(
  writer: ByteWriter,
  value: Encodable<DescribeDelegationTokenResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DescribeDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const tokens = value.tokens ?? [];
  if (flexible) writer.writeCompactArrayCount(tokens.length);
  else writer.writeArrayCount(tokens.length);
  for (const item of tokens) encodeDescribeDelegationTokenResponseDescribedDelegationToken(writer, item, version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeDelegationTokenResponseDescribedDelegationTokenRenewer(
  reader: ByteReader,
  version: number,
): DescribeDelegationTokenResponseDescribedDelegationTokenRenewer {
  const flexible = version >= 2;
  const principalType = flexible ? reader.readCompactString() : reader.readString();
  const principalName = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { principalType, principalName };
}

function encodeDescribeDelegationTokenResponseDescribedDelegationTokenRenewer(
  writer: ByteWriter,
  value: Encodable<DescribeDelegationTokenResponseDescribedDelegationTokenRenewer>,
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

function decodeDescribeDelegationTokenResponseDescribedDelegationToken(
  reader: ByteReader,
  version: number,
): DescribeDelegationTokenResponseDescribedDelegationToken {
  const flexible = version >= 2;
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
  const issueTimestamp = reader.readInt64();
  const expiryTimestamp = reader.readInt64();
  const maxTimestamp = reader.readInt64();
  const tokenId = flexible ? reader.readCompactString() : reader.readString();
  const hmac = flexible ? reader.readCompactBytes() : reader.readBytes();
  const renewers: DescribeDelegationTokenResponseDescribedDelegationTokenRenewer[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    renewers.push(decodeDescribeDelegationTokenResponseDescribedDelegationTokenRenewer(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { principalType, principalName, tokenRequesterPrincipalType, tokenRequesterPrincipalName, issueTimestamp, expiryTimestamp, maxTimestamp, tokenId, hmac, renewers };
}

function encodeDescribeDelegationTokenResponseDescribedDelegationToken(
  writer: ByteWriter,
  value: Encodable<DescribeDelegationTokenResponseDescribedDelegationToken>,
  version: number,
): void {
  const flexible = version >= 2;
  const principalType = value.principalType ?? '';
  flexible ? writer.writeCompactString(principalType) : writer.writeString(principalType);
  const principalName = value.principalName ?? '';
  flexible ? writer.writeCompactString(principalName) : writer.writeString(principalName);
  if (version >= 3) {
    const tokenRequesterPrincipalType = value.tokenRequesterPrincipalType ?? '';
    writer.writeCompactString(tokenRequesterPrincipalType);
  } else if (value.tokenRequesterPrincipalType !== undefined && value.tokenRequesterPrincipalType !== '') notInVersion('DescribeDelegationTokenResponseDescribedDelegationToken.tokenRequesterPrincipalType', version);
  if (version >= 3) {
    const tokenRequesterPrincipalName = value.tokenRequesterPrincipalName ?? '';
    writer.writeCompactString(tokenRequesterPrincipalName);
  } else if (value.tokenRequesterPrincipalName !== undefined && value.tokenRequesterPrincipalName !== '') notInVersion('DescribeDelegationTokenResponseDescribedDelegationToken.tokenRequesterPrincipalName', version);
  const issueTimestamp = value.issueTimestamp ?? 0n;
  writer.writeInt64(issueTimestamp);
  const expiryTimestamp = value.expiryTimestamp ?? 0n;
  writer.writeInt64(expiryTimestamp);
  const maxTimestamp = value.maxTimestamp ?? 0n;
  writer.writeInt64(maxTimestamp);
  const tokenId = value.tokenId ?? '';
  flexible ? writer.writeCompactString(tokenId) : writer.writeString(tokenId);
  const hmac = value.hmac ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(hmac) : writer.writeBytes(hmac);
  const renewers = value.renewers ?? [];
  if (flexible) writer.writeCompactArrayCount(renewers.length);
  else writer.writeArrayCount(renewers.length);
  for (const item of renewers) encodeDescribeDelegationTokenResponseDescribedDelegationTokenRenewer(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeDelegationToken, ApiKey 41: versions 0-3, flexible since 2. */
export const describeDelegationTokenApi: KafkaApi<DescribeDelegationTokenRequest, DescribeDelegationTokenResponse> = {
  key: 41,
  name: 'DescribeDelegationToken',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeDelegationTokenRequest,
  encodeRequest: encodeDescribeDelegationTokenRequest,
  decodeResponse: decodeDescribeDelegationTokenResponse,
  encodeResponse: encodeDescribeDelegationTokenResponse,
};
