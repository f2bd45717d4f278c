import type { WallTable } from '../wall.js';
import type { AmqpSide } from './amqp-side.js';
import { connectionWalls } from './connection-walls.js';
import { linkWalls } from './link-walls.js';
import { messageWalls } from './message-walls.js';

/** Operations are the performatives that clients send, and what they send to a coordinator. */
export const amqpTable: WallTable<AmqpSide> = {
  protocol: 'AMQP 1.0',
  walls: [...connectionWalls, ...linkWalls, ...messageWalls],
  nameless: {},
};
