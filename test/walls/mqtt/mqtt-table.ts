import type { WallTable } from '../wall.js';
import { messageWalls } from './message-walls.js';
import type { MqttSide } from './mqtt-side.js';
import { sessionWalls } from './session-walls.js';

/** Operations are the packets that clients send. */
export const mqttTable: WallTable<MqttSide> = {
  protocol: 'MQTT',
  walls: [...sessionWalls, ...messageWalls],
  nameless: { PINGREQ: 'names nothing' },
};
