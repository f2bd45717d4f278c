import { z } from 'zod';
import { gatewayConfigSchema } from './gateway.config.js';

/** The JSON Schema (draft 2020-12) of `pulsegate.yaml`, for completion in editors. */
export function configJsonSchema(): object {
  return { title: 'Pulsegate', ...z.toJSONSchema(gatewayConfigSchema, { io: 'input' }) };
}
