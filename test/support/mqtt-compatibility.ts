// The section of docs/compatibility.md about MQTT clients.
import type { ConformingMqttClient } from './mqtt-clients.js';
import { type MqttScenarioOutcome, mqttScenarios } from './mqtt-scenario.js';

export interface ClientOutcomes {
  readonly client: ConformingMqttClient;
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly MqttScenarioOutcome[];
}

const transportNames = { tcp: 'TCP', tls: 'TLS', ws: 'WebSocket', wss: 'WebSocket over TLS' } as const;

function cell(outcomes: readonly MqttScenarioOutcome[]): string {
  if (outcomes.length === 0) return '–';
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  return failed === 0 ? 'yes' : `${failed} of ${outcomes.length} fail`;
}

function rowsOf(client: ConformingMqttClient, ran: ClientOutcomes | undefined): string[] {
  const transports = client.transports.map((each) => transportNames[each]).join(', ');
  if (ran === undefined) {
    return [
      `| ${[client.name, `not run: ${client.missing}`, transports, ...mqttScenarios.map(() => '–')].join(' | ')} |`,
    ];
  }
  return ([4, 5] as const).map((level) => {
    const own = ran.outcomes.filter((each) => each.level === level);
    const cells = mqttScenarios.map((scenario) => cell(own.filter((each) => each.scenario === scenario)));
    return `| ${[client.name, ran.version, level === 4 ? '3.1.1' : '5', transports, ...cells].join(' | ')} |`;
  });
}

export function mqttClientsSection(
  clients: readonly ConformingMqttClient[],
  outcomes: readonly ClientOutcomes[],
): string {
  const titles = ['client', 'version tested', 'MQTT', 'over', ...mqttScenarios];
  const faults = outcomes.flatMap(({ client, outcomes: all }) =>
    all
      .filter(({ fault }) => fault !== undefined)
      .map(
        ({ level, transport, scenario, fault }) =>
          `- ${client.name}, level ${level}, ${transport}, ${scenario}: ${fault}`,
      ),
  );
  return [
    '## MQTT clients',
    '',
    'Written by `npm run check -- mqtt-clients`: each client does, over every transport that it has, what users do: QoS 0, 1 and 2',
    'in order; a will when the connection is cut and none after DISCONNECT; retained messages set, replaced and cleared; what came',
    'while a persistent session was away; a shared subscription with two members; request and response with correlation data.',
    '',
    `| ${titles.join(' | ')} |`,
    `|${titles.map(() => '---').join('|')}|`,
    ...clients.flatMap((client) =>
      rowsOf(
        client,
        outcomes.find((each) => each.client.name === client.name),
      ),
    ),
    '',
    '`yes`: over all of these transports; `–`: this level or the client does not have it. Over WebSocket, Paho and HiveMQ send an `Origin`, the',
    'address that they connect to. The HiveMQ client cannot cut its connection: at level 5 it asks for its will by DISCONNECT 0x04, before',
    'that another one takes its place.',
    ...(faults.length > 0 ? ['', '### Faults', '', ...faults] : []),
    '',
  ].join('\n');
}
