import type { Principal } from '#libs/auth';

/** Whom permissions are asked for: `%u` is the principal's user, `%c` the client id. One object per connection. */
export interface MqttIdentity {
  readonly principal: Principal;
  readonly clientId: string;
}
