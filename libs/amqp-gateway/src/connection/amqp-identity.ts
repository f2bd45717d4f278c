import type { Principal } from '#libs/auth';
import type { ConnectionLog } from '#libs/telemetry';

/** Who a connection is; one object per connection. */
export interface AmqpIdentity {
  /** Another object after the client has proven again who it is. */
  readonly principal: Principal;
  /** The `container-id` of its open (AMQP 2.7.1). */
  readonly containerId: string;
  /** Unique over all processes: whose temporary nodes are whose. */
  readonly connectionId: string;
  /** Of its connection. */
  readonly log?: Pick<ConnectionLog, 'denied' | 'changed'>;
}
