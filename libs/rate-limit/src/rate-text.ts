import type { Rate } from '#libs/tenancy';

/** What a rate is of. */
export type RateUnit = 'bytes' | 'count';

const amountMax = 1e15;
const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
const wellWritten = {
  bytes: 'write it as 10MB/s, 500KiB/10s or 5MB/s burst 20MB (B, KB, MB, GB, KiB, MiB, GiB; s, m, h)',
  count: 'write it as 1000/s, 1000/10s or 50/m burst 200 (s, m, h)',
} as const;
const rateSyntax = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)\/(\d{0,6})([smh])(?: burst (\d+(?:\.\d+)?) ?([A-Za-z]*))?$/;

/** A text that is no rate; the message says how to write one. */
export class RateTextError extends Error {
  override readonly name = 'RateTextError';
}

/**
 * Reads `10MB/s`, `1000/10s`, `5MB/s burst 20MB`. Without a burst it is what the interval has, and at least that of a
 * second: `1000/10s` may be used at once.
 *
 * @throws RateTextError
 */
export function parseRate(text: string, unit: RateUnit): Rate {
  const [, amountText = '', amountUnit = '', every = '', timeUnit = '', burstText, burstUnit = ''] =
    rateSyntax.exec(text) ?? [];
  const amount = amountOf(amountText, amountUnit, unit);
  const seconds = (every === '' ? 1 : Number(every)) * (timeUnits[timeUnit] ?? 0);
  if (!(amount > 0) || !(seconds > 0)) throw new RateTextError(wellWritten[unit]);
  const perSecond = amount / seconds;
  if (burstText === undefined) return { perSecond, burst: Math.max(amount, perSecond) };
  const burst = amountOf(burstText, burstUnit, unit);
  if (!(burst > 0)) throw new RateTextError(wellWritten[unit]);
  return { perSecond, burst };
}

/** 0 for what is no amount. */
function amountOf(text: string, unitText: string, unit: RateUnit): number {
  const factor = unit === 'bytes' ? byteUnits[unitText] : unitText === '' ? 1 : undefined;
  const amount = Number(text) * (factor ?? 0);
  return amount <= amountMax ? amount : 0;
}
