// MQTT 5: every normative statement that a server can violate, by scripts of raw clients (full: docs/mqtt-conformance.md)
import { connectScripts5 } from './mqtt/scripts-5-connect.js';
import { deliveryScripts5 } from './mqtt/scripts-5-delivery.js';
import { malformedScripts5 } from './mqtt/scripts-5-malformed.js';
import { publishScripts5 } from './mqtt/scripts-5-publish.js';
import { subscribeScripts5 } from './mqtt/scripts-5-subscribe.js';
import { transportScripts5 } from './mqtt/scripts-5-transport.js';
import { willScripts5 } from './mqtt/scripts-5-wills.js';
import { describeStatements } from './mqtt/statement-check.js';
import { statements5 } from './mqtt/statements-5.js';

describeStatements({
  title: 'MQTT 5',
  level: 5,
  statements: statements5,
  scripts: [
    ...[...connectScripts5, ...willScripts5, ...publishScripts5, ...subscribeScripts5, ...deliveryScripts5],
    ...[...transportScripts5, ...malformedScripts5],
  ],
});
