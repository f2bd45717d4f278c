import Table from 'cli-table3';
import { loadConfig, ownRole, pulsarClientOptions, rolesToGrant } from '#apps/gateway';
import { type NamespaceReport, probeIndex, PulsarClient, verifyNamespace } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { type Finding, ownIdentity, tenantIdentities, tokensVerified } from './identity-findings.js';

/** `pulsegate doctor`: exit code 0 when all is well, 1 when something is missing. */
export async function doctorCommand(options: {
  config: string;
  json?: boolean;
  fix?: boolean;
}): Promise<number> {
  const config = loadConfig(options.config);
  const clientOptions = pulsarClientOptions(config, silentLog);
  const client = new PulsarClient(clientOptions);
  const findings: Finding[] = [];
  try {
    findings.push(await ownIdentity(client, config.pulsar.serviceUrl));
    findings.push(...(await tenantIdentities(client, clientOptions.identities ?? new Map())));
    if (config.authentication.pulsarTokens !== undefined) findings.push(await tokensVerified(client));
    const looked = [
      ...config.tenants.map((tenant) => ({
        subject: `tenant ${tenant.name}`,
        namespace: tenant.namespace,
        purpose: 'data' as const,
        grantTo: rolesToGrant(config, tenant),
      })),
      ...config.tenants.flatMap((tenant) =>
        tenant.amqp091.vhosts.map(({ name, pulsarNamespace: namespace }) => ({
          ...{ subject: `vhost ${name} of tenant ${tenant.name}`, namespace, purpose: 'data' as const },
          grantTo: rolesToGrant(config, tenant),
        })),
      ),
      {
        subject: 'gateway state',
        namespace: config.cluster.stateNamespace,
        purpose: 'state' as const,
        grantTo: [],
      },
    ];
    for (const { subject, namespace, purpose, grantTo } of looked) {
      try {
        const report = await verifyNamespace(client.admin, namespace, {
          apply: options.fix ?? false,
          purpose,
          offsets: config.namespaces.offsets,
          role: ownRole(config),
          grantTo,
          grantMissing: options.fix ?? false,
          probeIndex: () => probeIndex(client, namespace),
        });
        findings.push(...namespaceFindings(subject, report));
      } catch (error) {
        findings.push(fault(subject, 'admin REST', config.pulsar.adminUrl, error));
      }
    }
  } finally {
    await client.close();
  }
  const healthy = findings.every((each) => each.ok);
  process.stdout.write(options.json ? `${JSON.stringify({ healthy, findings })}\n` : asText(findings));
  return healthy ? 0 : 1;
}

function namespaceFindings(subject: string, report: NamespaceReport): Finding[] {
  return report.checks.map((each) => ({ ...each, subject: `${subject}: ${report.namespace}` }));
}

function fault(subject: string, check: string, wanted: string, error: unknown): Finding {
  const found = error instanceof Error ? error.message : String(error);
  return {
    subject,
    check,
    ok: false,
    found,
    wanted,
    command: `start Pulsar, or correct ${wanted} in the configuration`,
  };
}

const byItself = "What the gateway's role may set of it, `pulsegate doctor --fix` sets.";

function asText(findings: readonly Finding[]): string {
  const table = new Table({
    head: ['', 'what', 'check', 'found', 'wanted'],
    style: { head: [], border: [] },
  });
  for (const each of findings) {
    table.push([each.ok ? 'ok' : 'MISSING', each.subject, each.check, each.found, each.wanted]);
  }
  const missing = findings.filter((each) => !each.ok);
  const commands = [...new Set(missing.map(({ command }) => command))];
  const lines = commands.map((each) => `  ${each}`);
  // What only an administrator of the brokers can mend, or who starts them, it cannot.
  if (commands.some((each) => each.startsWith('pulsar-admin'))) lines.push(byItself);
  const advice = missing.length === 0 ? 'Nothing is missing.' : `To mend it:\n${lines.join('\n')}`;
  return `${table.toString()}\n${advice}\n`;
}
