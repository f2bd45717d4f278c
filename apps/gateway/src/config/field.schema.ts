import { z } from 'zod';
import { tenantNameFault } from '#libs/tenancy';

/** The kinds of values that settings of several sections have. Units are in the names of the settings. */

export const port = z.int().min(0).max(65_535);
export const milliseconds = z.int().min(1).max(86_400_000);
export const bytes = z.int().min(1).max(2_147_483_647);
export const count = z.int().min(1).max(10_000_000);
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/, 'letters, digits, dot, underscore and hyphen');
/** A text that one of the libs judges: `fault` says what is wrong with it. */
export const judged = (fault: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
export const tenantName = judged(tenantNameFault);
export const file = z.string().min(1).describe('Path of a file, relative to the configuration file.');
