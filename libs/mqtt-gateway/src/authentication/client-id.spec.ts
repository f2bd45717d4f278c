import { describe, expect, it } from '@jest/globals';
import { assignedClientId, type ClientIdRule, clientIdRefusal } from './client-id.js';

const ann = { user: 'ann', anonymous: false };
const nobody = { user: 'anonymous', anonymous: true };

describe('clientIdRefusal', () => {
  const refused = (clientId: string, clientIdRule: ClientIdRule, who = ann) =>
    clientIdRefusal(clientId, who, { clientIdCharsMax: 16, clientIdRule })?.reasonName;

  it.each<[ClientIdRule, string, boolean]>([
    ['any', 'whatever: {1}', true],
    ['any', 'x'.repeat(16), true],
    ['any', 'x'.repeat(17), false],
    ['any', 'a\u0001', false],
    ['any', 'a\u0085', false],
    ['user', 'ann', true],
    ['user', 'ann/1', false],
    ['user', 'bob', false],
    ['user-prefix', 'ann', true],
    ['user-prefix', 'ann/1', true],
    ['user-prefix', 'ann-1', false],
    ['user-prefix', 'anna', false],
  ])('rule %s, %j: %s', (rule, clientId, expected) => {
    expect(refused(clientId, rule)).toBe(expected ? undefined : 'client-identifier-not-valid');
  });

  it('has none of their own for clients without a user, where identifiers are users', () => {
    expect(refused('anonymous', 'user', nobody)).toBe('client-identifier-not-valid');
    expect(refused('anonymous', 'any', nobody)).toBeUndefined();
  });
});

describe('assignedClientId', () => {
  it('is one that the client may have, and nobody else has', () => {
    const options = { clientIdCharsMax: 256, clientIdRule: 'user-prefix' } as const;
    const assigned = assignedClientId(ann, 'user-prefix');
    expect(clientIdRefusal(assigned, ann, options)).toBeUndefined();
    expect(assigned).not.toBe(assignedClientId(ann, 'user-prefix'));
    expect(assignedClientId(ann, 'user')).toMatch(/^ann\/[\w-]{16}$/);
    expect(assignedClientId(nobody, 'user')).toMatch(/^auto-[\w-]{16}$/);
    expect(assignedClientId(ann, 'any')).toMatch(/^auto-[\w-]{16}$/);
  });
});
