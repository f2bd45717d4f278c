// The section of docs/compatibility.md about MQTT clients.
import {
  cellsOf,
  type ClientOutcomes,
  clientRows,
  faultLines,
  tableRow,
  tableSection,
  transportNames,
} from './clients-section.js';
import type { ConformingMqttClient } from './mqtt-clients.js';
import { type MqttScenarioOutcome, mqttScenarios } from './mqtt-scenario.js';

export function mqttClientsSection(
  clients: readonly ConformingMqttClient[],
  outcomes: readonly ClientOutcomes<ConformingMqttClient, MqttScenarioOutcome>[],
): string {
  return tableSection({
    heading: 'MQTT clients',
    about: [
      'Written by `npm run check -- mqtt-clients`: each client does, over every transport that it has, what users do: QoS 0, 1 and 2',
      'in order; a will when the connection is cut and none after DISCONNECT; retained messages set, replaced and cleared; what came',
      'while a persistent session was away; a shared subscription with two members; request and response with correlation data.',
    ],
    titles: ['client', 'version tested', 'MQTT', 'over', ...mqttScenarios],
    rows: clientRows(clients, outcomes, ({ name, transports }, version, own) => {
      const over = transports.map((each) => transportNames[each]).join(', ');
      return ([4, 5] as const).map((level) => {
        const cells = cellsOf(
          mqttScenarios,
          own.filter((each) => each.level === level),
        );
        return tableRow(name, version, level === 4 ? '3.1.1' : '5', over, ...cells);
      });
    }),
    notes: [
      '`yes`: over all of these transports; `–`: this level or the client does not have it. Over WebSocket, Paho and HiveMQ send an `Origin`, the',
      'address that they connect to. The HiveMQ client cannot cut its connection: at level 5 it asks for its will by DISCONNECT 0x04, before',
      'that another one takes its place.',
    ],
    faultsHeading: 'Faults',
    faults: outcomes.flatMap(({ client, outcomes: all }) =>
      faultLines(client.name, all, ({ level, transport }) => `level ${level}, ${transport}`),
    ),
  });
}
