import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ConfigFault, ConfigPath } from './config-fault.js';
import { file, port } from './field.schema.js';

/** Shorter ones can be guessed. */
const tokenCharsMin = 16;

export const admin = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: port.default(8090),
    token: z
      .string()
      .min(tokenCharsMin)
      .optional()
      .describe('What who changes the configuration by HTTP shows. Without one nobody can.'),
    tokenEnv: z.string().min(1).optional().describe('Environment variable that holds it.'),
    tokenFile: file.optional().describe('File that holds it; read again with each reload.'),
  })
  .prefault({});

export type AdminConfig = z.output<typeof admin>;

export const adminTokenKeys = ['token', 'tokenEnv', 'tokenFile'] as const;

export function adminFaults(config: AdminConfig, path: ConfigPath): ConfigFault[] {
  const given = adminTokenKeys.filter((key) => config[key] !== undefined);
  if (given.length < 2) return [];
  return [{ path: [...path, given[1]!], message: `give only one of ${given.join(' and ')}` }];
}

/** Undefined: there is none, so nobody has it. @throws Error that says no secret */
export function adminTokenOf(config: AdminConfig, environment = process.env): string | undefined {
  const { token, tokenEnv, tokenFile } = config;
  if (token !== undefined) return token;
  if (tokenEnv !== undefined) return judged(environment[tokenEnv], `environment variable ${tokenEnv}`);
  return tokenFile === undefined ? undefined : judged(readFileSync(tokenFile, 'utf8').trim(), tokenFile);
}

function judged(value: string | undefined, place: string): string {
  if (!value) throw new Error(`${place} holds no token`);
  if (value.length < tokenCharsMin) {
    throw new Error(`the token in ${place} has less than ${tokenCharsMin} characters`);
  }
  return value;
}
