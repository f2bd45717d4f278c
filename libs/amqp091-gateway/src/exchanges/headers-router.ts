import { Amqp091Error, type FieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import { comparable, fieldTypeNames } from './field-comparison.js';
import type { RouteBinding, RoutedMessage, RouteNode, Router } from './route-node.js';

const matchArgument = 'x-match';
const matchModes = ['all', 'any', 'all-with-x', 'any-with-x'] as const;

interface WantedHeader {
  readonly name: string;
  /** Undefined: whatever it is. */
  readonly comparable: string | undefined;
}

interface CompiledBinding {
  readonly destination: RouteNode;
  readonly wantsAll: boolean;
  readonly wanted: readonly WantedHeader[];
}

/**
 * Headers exchanges (3.1.3.4) as RabbitMQ has them: arguments whose names begin with `x-` are asked about by the `-with-x`
 * modes only; a void one asks whether the header is there. Of no argument all match, and not any.
 */
export class HeadersRouter implements Router {
  readonly #bindings = new Map<RouteBinding, CompiledBinding>();

  get size(): number {
    return this.#bindings.size;
  }

  hasRoom(): boolean {
    return true;
  }

  add(binding: RouteBinding): void {
    this.#bindings.set(binding, compiled(binding));
  }

  remove(binding: RouteBinding): void {
    this.#bindings.delete(binding);
  }

  route(message: RoutedMessage): void {
    for (const binding of this.#bindings.values()) {
      if (matches(binding, message)) message.reach(binding.destination);
    }
  }
}

/** @throws Amqp091Error `precondition-failed` */
export function checkHeadersArguments(table: FieldTable): void {
  const mode = fieldOf(table, matchArgument);
  if (mode === undefined) return;
  if (mode.tag !== 'S') {
    const shown = 'value' in mode ? String(mode.value) : 'undefined';
    throw new Amqp091Error(
      'precondition-failed',
      `Invalid x-match field type ${fieldTypeNames[mode.tag]} (value ${shown}); expected longstr`,
    );
  }
  const text = fieldText(mode)!;
  if (matchModes.some((each) => each === text)) return;
  throw new Amqp091Error(
    'precondition-failed',
    `Invalid x-match field value <<"${text}">>; expected all, any, all-with-x, or any-with-x`,
  );
}

function compiled({ arguments: table, destination }: RouteBinding): CompiledBinding {
  const mode = fieldText(fieldOf(table, matchArgument)) ?? 'all';
  const asksX = mode.endsWith('-with-x');
  const wanted: WantedHeader[] = [];
  for (const [name, value] of table) {
    if (name === matchArgument || (!asksX && name.startsWith('x-'))) continue;
    if (wanted.some((each) => each.name === name)) continue;
    wanted.push({ name, comparable: value.tag === 'V' ? undefined : comparable(value) });
  }
  return { destination, wantsAll: mode.startsWith('all'), wanted };
}

function matches({ wantsAll, wanted }: CompiledBinding, message: RoutedMessage): boolean {
  for (const each of wanted) {
    const has =
      each.comparable === undefined
        ? message.headers.has(each.name)
        : message.comparableHeader(each.name) === each.comparable;
    if (has !== wantsAll) return !wantsAll;
  }
  return wantsAll;
}
