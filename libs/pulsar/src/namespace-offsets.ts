import type { NamespacePolicies } from './admin/index.js';
import type { NamespaceCheck } from './namespace-check.js';

/** Kafka offsets: the broker's index of each message, or numbers made from the places of entries. */
export type NamespaceOffsets = 'dense' | 'sparse';

/** `auto`: dense where the brokers show the index, else sparse; and from then on what the namespace says. */
export type OffsetsWanted = 'auto' | NamespaceOffsets;

/** The namespace's property that says which offsets its topics have, so that a change of the brokers changes nothing. */
export const offsetsProperty = 'pulsegate.offsets';

/** What the namespace says; undefined when nothing, as before sparse offsets were allowed. */
export function offsetsMark(policies: NamespacePolicies): NamespaceOffsets | undefined {
  const mark = policies.properties?.[offsetsProperty];
  return mark === 'dense' || mark === 'sparse' ? mark : undefined;
}

/** @param exposed whether the brokers show the index; undefined where nobody can say, which counts as shown */
export function namespaceOffsets(
  wanted: OffsetsWanted,
  mark: NamespaceOffsets | undefined,
  exposed: boolean | undefined,
): NamespaceOffsets {
  if (wanted !== 'auto') return wanted;
  return mark ?? (exposed === false ? 'sparse' : 'dense');
}

/** Undefined where there is nothing to say: dense offsets only, as ever. */
export function offsetsCheck(
  namespace: string,
  wanted: OffsetsWanted,
  offsets: NamespaceOffsets,
  mark: NamespaceOffsets | undefined,
): NamespaceCheck | undefined {
  if (wanted === 'dense' && mark !== 'sparse') return undefined;
  const ok = mark === offsets;
  const command =
    mark === undefined
      ? `pulsar-admin namespaces set-property --key ${offsetsProperty} --value ${offsets} ${namespace}`
      : `set namespaces.offsets to ${mark} or auto, or use another namespace: a topic keeps its offsets`;
  return { check: 'offsets', ok, found: mark ?? 'not said', wanted: offsets, command: ok ? '' : command };
}
