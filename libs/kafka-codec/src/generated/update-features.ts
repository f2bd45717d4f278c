// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface UpdateFeaturesRequest {
  /** How long to wait in milliseconds before timing out the request. (versions 0+) */
  timeoutMs: number;
  /** The list of updates to finalized features. (versions 0+) */
  featureUpdates: UpdateFeaturesRequestFeatureUpdateKey[];
  /** True if we should validate the request, but not perform the upgrade or downgrade. (versions 1+) */
  validateOnly: boolean;
}

export interface UpdateFeaturesRequestFeatureUpdateKey {
  /** The name of the finalized feature to be updated. (versions 0+) */
  feature: string;
  /** The new maximum version level for the finalized feature. A value >= 1 is valid. A value < 1, is special, and can be used to request the deletion of the finalized feature. (versions 0+) */
  maxVersionLevel: number;
  /** DEPRECATED in version 1 (see DowngradeType). When set to true, the finalized feature version level is allowed to be downgraded/deleted. The downgrade request will fail if the new maximum version level is a value that's not lower than the existing maximum finalized version level. (versions 0) */
  allowDowngrade: boolean;
  /** Determine which type of upgrade will be performed: 1 will perform an upgrade only (default), 2 is safe downgrades only (lossless), 3 is unsafe downgrades (lossy). (versions 1+) */
  upgradeType: number;
}

export function decodeUpdateFeaturesRequest(
  reader: ByteReader,
  version: number,
): UpdateFeaturesRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('UpdateFeaturesRequest', version);
  const timeoutMs = reader.readInt32();
  const featureUpdates: UpdateFeaturesRequestFeatureUpdateKey[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
    featureUpdates.push(decodeUpdateFeaturesRequestFeatureUpdateKey(reader, version));
  }
  let validateOnly: boolean = false;
  if (version >= 1) {
    validateOnly = reader.readBoolean();
  }
  reader.skipTags();
  return { timeoutMs, featureUpdates, validateOnly };
}

export function encodeUpdateFeaturesRequest(
  writer: ByteWriter,
  value: Encodable<UpdateFeaturesRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('UpdateFeaturesRequest', version);
  const timeoutMs = value.timeoutMs ?? 60000;
  writer.writeInt32(timeoutMs);
  const featureUpdates = value.featureUpdates ?? [];
  writer.writeCompactArrayCount(featureUpdates.length);
  for (const item of featureUpdates) encodeUpdateFeaturesRequestFeatureUpdateKey(writer, item, version);
  if (version >= 1) {
    const validateOnly = value.validateOnly ?? false;
    writer.writeBoolean(validateOnly);
  } else if (value.validateOnly !== undefined && value.validateOnly !== false) notInVersion('UpdateFeaturesRequest.validateOnly', version);
  writer.writeUnsignedVarint(0);
}

function decodeUpdateFeaturesRequestFeatureUpdateKey(
  reader: ByteReader,
  version: number,
): UpdateFeaturesRequestFeatureUpdateKey {
  const feature = reader.readCompactString();
  const maxVersionLevel = reader.readInt16();
  let allowDowngrade: boolean = false;
  if (version <= 0) {
    allowDowngrade = reader.readBoolean();
  }
  let upgradeType: number = 1;
  if (version >= 1) {
    upgradeType = reader.readInt8();
  }
  reader.skipTags();
  return { feature, maxVersionLevel, allowDowngrade, upgradeType };
}

function encodeUpdateFeaturesRequestFeatureUpdateKey(
  writer: ByteWriter,
  value: Encodable<UpdateFeaturesRequestFeatureUpdateKey>,
  version: number,
): void {
  const feature = value.feature ?? '';
  writer.writeCompactString(feature);
  const maxVersionLevel = value.maxVersionLevel ?? 0;
  writer.writeInt16(maxVersionLevel);
  if (version <= 0) {
    const allowDowngrade = value.allowDowngrade ?? false;
    writer.writeBoolean(allowDowngrade);
  } else if (value.allowDowngrade !== undefined && value.allowDowngrade !== false) notInVersion('UpdateFeaturesRequestFeatureUpdateKey.allowDowngrade', version);
  if (version >= 1) {
    const upgradeType = value.upgradeType ?? 1;
    writer.writeInt8(upgradeType);
  } else if (value.upgradeType !== undefined && value.upgradeType !== 1) notInVersion('UpdateFeaturesRequestFeatureUpdateKey.upgradeType', version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-2. */
export interface UpdateFeaturesResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level error code, or `0` if there was no top-level error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or `null` if there was no top-level error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** Results for each feature update. (versions 0-1) */
  results: UpdateFeaturesResponseUpdatableFeatureResult[];
}

export interface UpdateFeaturesResponseUpdatableFeatureResult {
  /** The name of the finalized feature. (versions 0+) */
  feature: string;
  /** The feature update error code or `0` if the feature update succeeded. (versions 0+) */
  errorCode: number;
  /** The feature update error, or `null` if the feature update succeeded. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeUpdateFeaturesResponse(
  reader: ByteReader,
  version: number,
): UpdateFeaturesResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('UpdateFeaturesResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const results: UpdateFeaturesResponseUpdatableFeatureResult[] = [];
  if (version <= 1) {
    for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
      results.push(decodeUpdateFeaturesResponseUpdatableFeatureResult(reader, version));
    }
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, results };
}

export function encodeUpdateFeaturesResponse(
  writer: ByteWriter,
  value: Encodable<UpdateFeaturesResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('UpdateFeaturesResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  if (version <= 1) {
    const results = value.results ?? [];
    writer.writeCompactArrayCount(results.length);
    for (const item of results) encodeUpdateFeaturesResponseUpdatableFeatureResult(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

function decodeUpdateFeaturesResponseUpdatableFeatureResult(
  reader: ByteReader,
  _version: number,
): UpdateFeaturesResponseUpdatableFeatureResult {
  const feature = reader.readCompactString();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { feature, errorCode, errorMessage };
}

function encodeUpdateFeaturesResponseUpdatableFeatureResult(
  writer: ByteWriter,
  value: Encodable<UpdateFeaturesResponseUpdatableFeatureResult>,
  _version: number,
): void {
  const feature = value.feature ?? '';
  writer.writeCompactString(feature);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** UpdateFeatures, ApiKey 57: versions 0-2, flexible since 0. */
export const updateFeaturesApi: KafkaApi<UpdateFeaturesRequest, UpdateFeaturesResponse> = {
  key: 57,
  name: 'UpdateFeatures',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeUpdateFeaturesRequest,
  encodeRequest: encodeUpdateFeaturesRequest,
  decodeResponse: decodeUpdateFeaturesResponse,
  encodeResponse: encodeUpdateFeaturesResponse,
};
