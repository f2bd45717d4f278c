import { type AlterConfigsRequest, type AlterConfigsResponse, alterConfigsApi } from '#libs/kafka-codec';
import { type ApiHandler, noResponse } from '../handler.js';
import { alterConfigs, requireDistinct } from './config-alteration.js';

/**
 * AlterConfigs v0-2: the topic has what is given afterwards, and nothing else. For tools that do not know
 * IncrementalAlterConfigs.
 */
export const alterConfigsHandler: ApiHandler<AlterConfigsRequest, AlterConfigsResponse> = {
  api: alterConfigsApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ resources, validateOnly }, context) {
    const alterations = resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      change: () => {
        requireDistinct(configs.map(({ name }) => name));
        return configs;
      },
    }));
    const responses = await alterConfigs(alterations, validateOnly, context);
    return responses === noResponse ? noResponse : { responses };
  },
};
