import type { Amqp091Services } from '../amqp091.services.js';
import type { ChannelParts } from '../channels/channel-parts.js';

/** What the connections of a process have in common. */
export interface ConnectionServices extends Amqp091Services {
  /** Who serves which methods. */
  readonly parts: ChannelParts;
}
