import type { AbuseTable } from '../abuse.js';
import type { FrontStage } from '../front-stage.js';
import { afterOpen } from './after-open.js';
import { beforeOpen } from './before-open.js';

export const amqp091Abuse: AbuseTable<FrontStage> = {
  protocol: 'AMQP 0-9-1',
  rows: [...beforeOpen, ...afterOpen],
  without: {
    P4: 'comes to the port of AMQP 1.0, and is counted there',
    P11: 'is not served in WebSocket',
    A15: 'see the admin HTTP',
  },
};
