import { kafkaApis } from './generated/index.js';
import type { AnyKafkaApi } from './kafka-api.js';

const BY_KEY: (AnyKafkaApi | undefined)[] = [];
for (const api of kafkaApis) BY_KEY[api.key] = api;

/** ApiVersions has rules of its own (KIP-511): it is what a client sends before it knows any version. */
export const API_VERSIONS_KEY = 18;

export function kafkaApiByKey(key: number): AnyKafkaApi | undefined {
  return BY_KEY[key];
}

/** KIP-482: from its first flexible version on, an API has tagged fields in messages and headers. */
export function isFlexible(api: AnyKafkaApi, version: number): boolean {
  return api.flexibleSince >= 0 && version >= api.flexibleSince;
}
