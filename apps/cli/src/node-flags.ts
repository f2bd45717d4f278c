/**
 * What the gateway is to be run with, as `main.ts` says in its first line: it must be known before the process starts.
 *
 * Requests are memory outside the heap that only a collection of young objects gives back. With the 16 MB and more that
 * Node lets those grow to, that memory reaches the bound at which it collects everything first: 26 full collections
 * per million records where there is one otherwise, and a third more CPU (measured: `npm run bench -- kafka-produce`).
 */
export const gatewayNodeFlags = ['--max-semi-space-size=8'] as const;
