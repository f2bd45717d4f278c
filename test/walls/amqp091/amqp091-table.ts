import type { WallTable } from '../wall.js';
import type { Amqp091Side } from './amqp091-side.js';
import { connectionWalls } from './connection-walls.js';
import { consumingWalls } from './consuming-walls.js';
import { declaringWalls } from './declaring-walls.js';
import { publishingWalls } from './publishing-walls.js';

export const amqp091Table: WallTable<Amqp091Side> = {
  protocol: 'AMQP 0-9-1',
  walls: [...connectionWalls, ...declaringWalls, ...publishingWalls, ...consumingWalls],
  nameless: {
    'connection.tune-ok': 'numbers of the own connection',
    'connection.close-ok': 'ends the own connection',
    'channel.flow-ok': 'answers what is never sent',
    'channel.close-ok': 'ends the own channel',
    'basic.cancel-ok': 'answers for the own consumer',
    'access.request': 'is not served',
  },
};
