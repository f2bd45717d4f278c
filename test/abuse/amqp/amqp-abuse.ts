import type { AbuseTable } from '../abuse.js';
import type { FrontStage } from '../front-stage.js';
import { afterOpen } from './after-open.js';
import { beforeOpen } from './before-open.js';

export const amqpAbuse: AbuseTable<FrontStage> = {
  protocol: 'AMQP 1.0',
  rows: [...beforeOpen, ...afterOpen],
  without: {
    P11: 'see WebSocket',
    A15: 'see the admin HTTP',
  },
};
