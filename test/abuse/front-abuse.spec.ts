// What hostile clients of both AMQPs, of WebSocket and of the admin HTTP try, at one gateway.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { adminAbuse } from './admin-abuse.js';
import { describeAbuse } from './abuse-runs.js';
import { amqpAbuse } from './amqp/amqp-abuse.js';
import { amqp091Abuse } from './amqp091/amqp091-abuse.js';
import { FrontStage } from './front-stage.js';
import { webSocketAbuse } from './websocket-abuse.js';

let stage: FrontStage;

beforeAll(async () => {
  stage = await FrontStage.start();
}, 120_000);

afterAll(() => stage?.stop());

const rows = [amqpAbuse, amqp091Abuse, webSocketAbuse, adminAbuse].flatMap(({ protocol, rows }) =>
  rows.map((row) => ({ ...row, tries: `${protocol}: ${row.tries}` })),
);
describeAbuse({ rows }, () => stage);

it('none of it was a fault of ours', () => {
  expect(stage.gateway.log()).not.toContain('connection.failure');
});
