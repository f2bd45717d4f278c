/** Of a key in the file, from the top. */
export type ConfigPath = readonly (string | number)[];

/** A fault that the shape alone does not show. */
export interface ConfigFault {
  readonly path: ConfigPath;
  readonly message: string;
}

/** Values that only one key may have. */
export function duplicates(
  used: readonly { readonly path: ConfigPath; readonly value: string }[],
): ConfigFault[] {
  const first = new Map<string, ConfigPath>();
  return used.flatMap(({ path, value }) => {
    const other = first.get(value);
    if (other !== undefined) return [{ path, message: `${value} is used by ${other.join('.')} already` }];
    first.set(value, path);
    return [];
  });
}
