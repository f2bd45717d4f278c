import {
  type ApiVersionsRequest,
  type ApiVersionsResponse,
  apiVersionsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiRange, ApiTable } from '../api-table.js';
import type { ApiHandler } from '../handler.js';

/** KIP-511: letters, digits, dots and hyphens, no dot or hyphen at the ends. */
const softwareText = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

/**
 * ApiVersions v0-4 (KIP-35, KIP-511): what the table of APIs has, and nothing else.
 *
 * Without features: none is finalized here. A client name or version that is no such text is answered
 * INVALID_REQUEST, as Kafka does; a version from the future is answered by the connection.
 */
export function apiVersionsHandler(
  table: () => ApiTable,
): ApiHandler<ApiVersionsRequest, ApiVersionsResponse> {
  return {
    api: apiVersionsApi,
    versionMin: apiVersionsApi.versionMin,
    versionMax: 4,
    handle(request, context) {
      const { clientSoftwareName: name, clientSoftwareVersion: version } = request;
      if (context.header.apiVersion >= 3 && !(softwareText.test(name) && softwareText.test(version))) {
        const errorCode = KafkaErrorCode.INVALID_REQUEST;
        context.refused(errorCode, 'the client software name or version is not valid');
        return { errorCode, apiKeys: [] };
      }
      return { apiKeys: table().ranges };
    },
  };
}

/** KIP-511: for a client that is newer than this gateway, only how it can ask again. */
export function unsupportedVersionsResponse(table: ApiTable): { errorCode: number; apiKeys: ApiRange[] } {
  return {
    errorCode: KafkaErrorCode.UNSUPPORTED_VERSION,
    apiKeys: table.ranges.filter((range) => range.apiKey === apiVersionsApi.key),
  };
}
