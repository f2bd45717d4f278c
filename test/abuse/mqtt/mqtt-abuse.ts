import type { AbuseTable } from '../abuse.js';
import { beforeConnect } from './before-connect.js';
import type { MqttStage } from './mqtt-stage.js';
import { mqttNames } from './names-and-sizes.js';
import { mqttSessions } from './sessions.js';

export const mqttAbuse: AbuseTable<MqttStage> = {
  protocol: 'MQTT',
  rows: [...beforeConnect, ...mqttNames, ...mqttSessions],
  without: {
    P11: 'of MQTT in WebSocket: see there',
    A15: 'MQTT administers nothing',
  },
};
