import { configJsonSchema } from '#apps/gateway';

/** `pulsegate schema`: the JSON Schema that editors complete and check `pulsegate.yaml` with. */
export function schemaCommand(): number {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return 0;
}
