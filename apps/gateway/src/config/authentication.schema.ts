import { z } from 'zod';
import { count } from './field.schema.js';
import { jwtIssuers } from './jwt.schema.js';

/** How clients prove who they are, alike for every protocol and listener. */
export const authentication = z
  .strictObject({
    failureFloorMs: z
      .int()
      .min(0)
      .max(5_000)
      .default(200)
      .describe('Every refusal takes at least this long, whatever it is for.'),
    failuresPerAddressBurst: count
      .default(20)
      .describe('Failures that one address may have at once before it is refused unheard.'),
    failuresPerAddressPerMinute: count
      .default(30)
      .describe('How many of these failures an address gets back per minute.'),
    jwt: jwtIssuers,
  })
  .prefault({})
  .describe('How clients prove who they are.');

export type AuthenticationConfig = z.output<typeof authentication>;

/** Whether users and groups of a tenant can be others than those of its configuration. */
export function namesUsersElsewhere({ jwt }: AuthenticationConfig, tenant: string): boolean {
  return jwt.some((issuer) => issuer.tenant === undefined || issuer.tenant === tenant);
}
