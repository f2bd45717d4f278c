// How the admin REST writes names, queries and headers.
import type { EntryPosition } from '../entry.js';
import { parseTopicName } from '../topic-name.js';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function encode(name: string): string {
  return encodeURIComponent(name);
}

export function namespacePath(namespace: string): string {
  return namespace.split('/').map(encode).join('/');
}

export function topicPath(topic: string): string {
  const name = parseTopicName(topic);
  return `/${name.domain}/${encode(name.tenant)}/${encode(name.namespace)}/${encode(name.localName)}`;
}

export function subscriptionPath(topic: string, subscription: string): string {
  return `${topicPath(topic)}/subscription/${encode(subscription)}`;
}

export function query(parameters: Query): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${given.map(([name, value]) => `${encode(name)}=${encode(String(value))}`).join('&')}`;
}

export function numberHeader(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

/** Milliseconds, or the date text that brokers write. */
export function timeHeader(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** "ledger:entry", perhaps with more behind it. */
export function positionHeader(value: string | string[] | undefined): EntryPosition | undefined {
  const [, ledgerId, entryId] = (typeof value === 'string' && /^(\d+):(\d+)/.exec(value)) || [];
  return ledgerId === undefined ? undefined : { ledgerId: Number(ledgerId), entryId: Number(entryId) };
}
