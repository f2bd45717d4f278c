// MQTT 3.1.1: every normative statement that a server can violate, by scripts of raw clients (full: docs/mqtt-conformance.md)
import { connectScripts3 } from './mqtt/scripts-3-connect.js';
import { scripts3 } from './mqtt/scripts-3.js';
import { malformedScripts3 } from './mqtt/scripts-3-malformed.js';
import { subprotocolScript, webSocketScript } from './mqtt/scripts-5-transport.js';
import { describeStatements } from './mqtt/statement-check.js';
import { statements3 } from './mqtt/statements-3.js';

describeStatements({
  title: 'MQTT 3.1.1',
  level: 4,
  statements: statements3,
  scripts: [
    ...[...connectScripts3, ...scripts3, ...malformedScripts3],
    { ...webSocketScript, statements: ['6.0.0-1', '6.0.0-2', '6.0.0-4', '7.1.1-1'] },
    { ...subprotocolScript, statements: ['6.0.0-3'] },
  ],
});
