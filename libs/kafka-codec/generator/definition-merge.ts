// Kafka 4.0 dropped the versions that only legacy clients speak (KIP-896), and with them the fields that only those
// versions have. This joins the newest definition with an older one into one that covers the versions of both.
import { type FieldJson, isNone, type MessageJson, parseVersions } from './message-definition.js';

/** `older` may be absent: the API is new. What both define is taken from `newer`. */
export function mergeMessage(newer: MessageJson, older: MessageJson | undefined): MessageJson {
  if (!older || isNone(parseVersions(older.validVersions))) return newer;
  const now = parseVersions(newer.validVersions);
  const then = parseVersions(older.validVersions);
  // An early-access version was never promised to any client, and its fields changed afterwards.
  const thenMax = older.latestVersionUnstable ? then.max - 1 : then.max;
  if (thenMax < then.min || then.min >= now.min) return newer;
  if (thenMax < now.min - 1)
    throw new Error(`${newer.name}: no definition for versions ${thenMax + 1}-${now.min - 1}`);
  return {
    ...newer,
    validVersions: `${then.min}-${now.max}`,
    fields: mergeFields(newer.name, newer.fields ?? [], older.fields ?? [], now.min),
  };
}

/**
 * Fields that only the older definition has go behind the field that precedes them there: order is what the wire
 * sees. They must be gone before the first version of the newer definition, or the two contradict each other.
 */
function mergeFields(
  where: string,
  newer: readonly FieldJson[],
  older: readonly FieldJson[],
  newerVersionMin: number,
): FieldJson[] {
  const merged = [...newer];
  for (const [at, field] of older.entries()) {
    const path = `${where}.${field.name}`;
    const same = merged.findIndex((candidate) => candidate.name.toLowerCase() === field.name.toLowerCase());
    const current = merged[same];
    if (current === undefined) {
      if (parseVersions(field.versions).max >= newerVersionMin)
        throw new Error(`${path} vanished from a live version`);
      const before = at === 0 ? undefined : older[at - 1]?.name;
      merged.splice(merged.findIndex((candidate) => candidate.name === before) + 1, 0, field);
      continue;
    }
    if (current.type !== field.type)
      throw new Error(`${path} changed its type from ${field.type} to ${current.type}`);
    if (parseVersions(current.versions).min > parseVersions(field.versions).min) {
      throw new Error(`${path}: the newer definition forgot versions before ${current.versions}`);
    }
    if (current.fields && field.fields) {
      merged[same] = { ...current, fields: mergeFields(path, current.fields, field.fields, newerVersionMin) };
    }
  }
  return merged;
}
