// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-4. */
export interface ApiVersionsRequest {
  /** The name of the client. (versions 3+) */
  clientSoftwareName: string;
  /** The version of the client. (versions 3+) */
  clientSoftwareVersion: string;
}

export function decodeApiVersionsRequest(
  reader: ByteReader,
  version: number,
): ApiVersionsRequest {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('ApiVersionsRequest', version);
  const flexible = version >= 3;
  let clientSoftwareName: string = '';
  if (version >= 3) {
    clientSoftwareName = reader.readCompactString();
  }
  let clientSoftwareVersion: string = '';
  if (version >= 3) {
    clientSoftwareVersion = reader.readCompactString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { clientSoftwareName, clientSoftwareVersion };
}

export function encodeApiVersionsRequest(
  writer: ByteWriter,
  value: Encodable<ApiVersionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('ApiVersionsRequest', version);
  const flexible = version >= 3;
  if (version >= 3) {
    const clientSoftwareName = value.clientSoftwareName ?? '';
    writer.writeCompactString(clientSoftwareName);
  }
  if (version >= 3) {
    const clientSoftwareVersion = value.clientSoftwareVersion ?? '';
    writer.writeCompactString(clientSoftwareVersion);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-4. */
export interface ApiVersionsResponse {
  /** The top-level error code. (versions 0+) */
  errorCode: number;
  /** The APIs supported by the broker. (versions 0+) */
  apiKeys: ApiVersionsResponseApiVersion[];
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** Features supported by the broker. Note: in v0-v3, features with MinSupportedVersion = 0 are omitted. (versions 3+, tag 0) */
  supportedFeatures: ApiVersionsResponseSupportedFeatureKey[];
  /** The monotonically increasing epoch for the finalized features information. Valid values are >= 0. A value of -1 is special and represents unknown epoch. (versions 3+, tag 1) */
  finalizedFeaturesEpoch: bigint;
  /** List of cluster-wide finalized features. The information is valid only if FinalizedFeaturesEpoch >= 0. (versions 3+, tag 2) */
  finalizedFeatures: ApiVersionsResponseFinalizedFeatureKey[];
  /** Set by a KRaft controller if the required configurations for ZK migration are present. (versions 3+, tag 3) */
  zkMigrationReady: boolean;
}

export interface ApiVersionsResponseApiVersion {
  /** The API index. (versions 0+) */
  apiKey: number;
  /** The minimum supported version, inclusive. (versions 0+) */
  minVersion: number;
  /** The maximum supported version, inclusive. (versions 0+) */
  maxVersion: number;
}

export interface ApiVersionsResponseSupportedFeatureKey {
  /** The name of the feature. (versions 3+) */
  name: string;
  /** The minimum supported version for the feature. (versions 3+) */
  minVersion: number;
  /** The maximum supported version for the feature. (versions 3+) */
  maxVersion: number;
}

export interface ApiVersionsResponseFinalizedFeatureKey {
  /** The name of the feature. (versions 3+) */
  name: string;
  /** The cluster-wide finalized max version level for the feature. (versions 3+) */
  maxVersionLevel: number;
  /** The cluster-wide finalized min version level for the feature. (versions 3+) */
  minVersionLevel: number;
}

export function decodeApiVersionsResponse(
  reader: ByteReader,
  version: number,
): ApiVersionsResponse {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('ApiVersionsResponse', version);
  const flexible = version >= 3;
  const errorCode = reader.readInt16();
  const apiKeys: ApiVersionsResponseApiVersion[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    apiKeys.push(decodeApiVersionsResponseApiVersion(reader, version));
  }
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const supportedFeatures: ApiVersionsResponseSupportedFeatureKey[] = [];
  let finalizedFeaturesEpoch: bigint = -1n;
  const finalizedFeatures: ApiVersionsResponseFinalizedFeatureKey[] = [];
  let zkMigrationReady: boolean = false;
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0) {
        supportedFeatures.length = 0;
        for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
          supportedFeatures.push(decodeApiVersionsResponseSupportedFeatureKey(reader, version));
        }
      } else if (tag === 1) {
        finalizedFeaturesEpoch = reader.readInt64();
      } else if (tag === 2) {
        finalizedFeatures.length = 0;
        for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
          finalizedFeatures.push(decodeApiVersionsResponseFinalizedFeatureKey(reader, version));
        }
      } else if (tag === 3) {
        zkMigrationReady = reader.readBoolean();
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { errorCode, apiKeys, throttleTimeMs, supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures, zkMigrationReady };
}

export function encodeApiVersionsResponse(
  writer: ByteWriter,
  value: Encodable<ApiVersionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('ApiVersionsResponse', version);
  const flexible = version >= 3;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const apiKeys = value.apiKeys ?? [];
  if (flexible) writer.writeCompactArrayCount(apiKeys.length);
  else writer.writeArrayCount(apiKeys.length);
  for (const item of apiKeys) encodeApiVersionsResponseApiVersion(writer, item, version);
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  if (flexible) {
    let tags = 0;
    const hasSupportedFeatures = value.supportedFeatures !== undefined && value.supportedFeatures.length !== 0;
    if (hasSupportedFeatures) tags++;
    const hasFinalizedFeaturesEpoch = value.finalizedFeaturesEpoch !== undefined && BigInt(value.finalizedFeaturesEpoch) !== -1n;
    if (hasFinalizedFeaturesEpoch) tags++;
    const hasFinalizedFeatures = value.finalizedFeatures !== undefined && value.finalizedFeatures.length !== 0;
    if (hasFinalizedFeatures) tags++;
    const hasZkMigrationReady = value.zkMigrationReady !== undefined && value.zkMigrationReady !== false;
    if (hasZkMigrationReady) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasSupportedFeatures) {
      const start = writer.beginTag(0);
      const supportedFeatures = value.supportedFeatures ?? [];
      writer.writeCompactArrayCount(supportedFeatures.length);
      for (const item of supportedFeatures) encodeApiVersionsResponseSupportedFeatureKey(writer, item, version);
      writer.endTag(start);
    }
    if (hasFinalizedFeaturesEpoch) {
      const start = writer.beginTag(1);
      const finalizedFeaturesEpoch = value.finalizedFeaturesEpoch ?? -1n;
      writer.writeInt64(finalizedFeaturesEpoch);
      writer.endTag(start);
    }
    if (hasFinalizedFeatures) {
      const start = writer.beginTag(2);
      const finalizedFeatures = value.finalizedFeatures ?? [];
      writer.writeCompactArrayCount(finalizedFeatures.length);
      for (const item of finalizedFeatures) encodeApiVersionsResponseFinalizedFeatureKey(writer, item, version);
      writer.endTag(start);
    }
    if (hasZkMigrationReady) {
      const start = writer.beginTag(3);
      const zkMigrationReady = value.zkMigrationReady ?? false;
      writer.writeBoolean(zkMigrationReady);
      writer.endTag(start);
    }
  }
}

function decodeApiVersionsResponseApiVersion(
  reader: ByteReader,
  version: number,
): ApiVersionsResponseApiVersion {
  const flexible = version >= 3;
  const apiKey = reader.readInt16();
  const minVersion = reader.readInt16();
  const maxVersion = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { apiKey, minVersion, maxVersion };
}

function encodeApiVersionsResponseApiVersion(
  writer: ByteWriter,
  value: Encodable<ApiVersionsResponseApiVersion>,
  version: number,
): void {
  const flexible = version >= 3;
  const apiKey = value.apiKey ?? 0;
  writer.writeInt16(apiKey);
  const minVersion = value.minVersion ?? 0;
  writer.writeInt16(minVersion);
  const maxVersion = value.maxVersion ?? 0;
  writer.writeInt16(maxVersion);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeApiVersionsResponseSupportedFeatureKey(
  reader: ByteReader,
  _version: number,
): ApiVersionsResponseSupportedFeatureKey {
  const name = reader.readCompactString();
  const minVersion = reader.readInt16();
  const maxVersion = reader.readInt16();
  reader.skipTags();
  return { name, minVersion, maxVersion };
}

function encodeApiVersionsResponseSupportedFeatureKey(
  writer: ByteWriter,
  value: Encodable<ApiVersionsResponseSupportedFeatureKey>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const minVersion = value.minVersion ?? 0;
  writer.writeInt16(minVersion);
  const maxVersion = value.maxVersion ?? 0;
  writer.writeInt16(maxVersion);
  writer.writeUnsignedVarint(0);
}

function decodeApiVersionsResponseFinalizedFeatureKey(
  reader: ByteReader,
  _version: number,
): ApiVersionsResponseFinalizedFeatureKey {
  const name = reader.readCompactString();
  const maxVersionLevel = reader.readInt16();
  const minVersionLevel = reader.readInt16();
  reader.skipTags();
  return { name, maxVersionLevel, minVersionLevel };
}

function encodeApiVersionsResponseFinalizedFeatureKey(
  writer: ByteWriter,
  value: Encodable<ApiVersionsResponseFinalizedFeatureKey>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const maxVersionLevel = value.maxVersionLevel ?? 0;
  writer.writeInt16(maxVersionLevel);
  const minVersionLevel = value.minVersionLevel ?? 0;
  writer.writeInt16(minVersionLevel);
  writer.writeUnsignedVarint(0);
}

/** ApiVersions, ApiKey 18: versions 0-4, flexible since 3. */
export const apiVersionsApi: KafkaApi<ApiVersionsRequest, ApiVersionsResponse> = {
  key: 18,
  name: 'ApiVersions',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeApiVersionsRequest,
  encodeRequest: encodeApiVersionsRequest,
  decodeResponse: decodeApiVersionsResponse,
  encodeResponse: encodeApiVersionsResponse,
};
