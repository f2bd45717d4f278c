import type { AbuseTable } from '../abuse.js';

export const mqttAbuse: AbuseTable<never> = { protocol: 'MQTT', rows: [], without: {} };
