import { randomBytes } from 'node:crypto';
import type { Principal } from '#libs/auth';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';

/**
 * Which client identifiers a user may have: any; its name alone; or its name, alone or with a `/` and more behind it, which
 * no other user's name can be the beginning of.
 */
export const clientIdRules = ['any', 'user', 'user-prefix'] as const;
export type ClientIdRule = (typeof clientIdRules)[number];

export interface ClientIdOptions {
  readonly clientIdCharsMax: number;
  readonly clientIdRule: ClientIdRule;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const forbidden = /[\u0000-\u001f\u007f-\u009f]/;
const assignedBytes = 12;

/** Why a client may not be called so: 0x85 [MQTT-3.1.3-8]; undefined: it may. Not for an empty identifier. */
export function clientIdRefusal(
  clientId: string,
  { user, anonymous }: Pick<Principal, 'user' | 'anonymous'>,
  { clientIdCharsMax, clientIdRule }: ClientIdOptions,
): MqttError | undefined {
  if (clientId.length > clientIdCharsMax)
    return refused(`a client identifier has at most ${clientIdCharsMax} characters`);
  if (forbidden.test(clientId)) return refused('a client identifier has no control characters');
  if (clientIdRule === 'any') return undefined;
  if (anonymous) return refused('clients without a user have no client identifier of their own here');
  if (clientId === user || (clientIdRule === 'user-prefix' && clientId.startsWith(`${user}/`)))
    return undefined;
  return refused('the client identifier is not that of the user');
}

/** For a client without one [MQTT-3.1.3-6]: nobody has it, can guess it, or be it by its name. */
export function assignedClientId(
  { user, anonymous }: Pick<Principal, 'user' | 'anonymous'>,
  rule: ClientIdRule,
): string {
  const random = randomBytes(assignedBytes).toString('base64url');
  return rule === 'any' || anonymous ? `auto-${random}` : `${user}/${random}`;
}

function refused(sentence: string): MqttError {
  return new MqttError(MqttReasonCode.CLIENT_IDENTIFIER_NOT_VALID, sentence);
}
