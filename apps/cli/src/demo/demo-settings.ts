import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkConfig, type GatewayConfig } from '#apps/gateway';
import { scryptVerifier } from '#libs/auth';

/** The project's folder: this file is compiled to dist/apps/cli/src/demo. */
const root = fileURLToPath(new URL('../../../../../', import.meta.url));
export const demoFile = join(root, '.pulsegate', 'demo.json');

/** What `.pulsegate/demo.json` tells scripts. Endpoints are `host:port` or a URL. */
export interface DemoFacts {
  readonly tenant: string;
  readonly namespace: string;
  readonly username: string;
  readonly password: string;
  readonly pulsarServiceUrl: string;
  readonly pulsarAdminUrl: string;
  readonly kafka: string;
  readonly mqtt: string;
  readonly amqp: string;
  readonly admin: string;
}

const tenant = 'demo';
const namespace = 'pulsegate-demo/demo';
const username = 'demo';

/** The password of an earlier run, so that clients that were set up stay valid; else a new one. */
export function demoPassword(): string {
  try {
    const { password } = JSON.parse(readFileSync(demoFile, 'utf8')) as Partial<DemoFacts>;
    if (typeof password === 'string' && password.length >= 20) return password;
  } catch {
    // The first run, or a file that is not ours to trust.
  }
  return randomBytes(18).toString('base64url');
}

export function writeDemoFacts(facts: DemoFacts): void {
  mkdirSync(dirname(demoFile), { recursive: true });
  writeFileSync(demoFile, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
}

export function demoFacts(
  password: string,
  pulsar: { serviceUrl: string; adminUrl: string },
  endpoints: { kafka: string; mqtt: string; amqp: string; admin: string },
): DemoFacts {
  const { serviceUrl: pulsarServiceUrl, adminUrl: pulsarAdminUrl } = pulsar;
  return { tenant, namespace, username, password, pulsarServiceUrl, pulsarAdminUrl, ...endpoints };
}

/** Loopback only: there anonymous clients are the demo tenant, and one user has a generated password. */
export async function demoConfig(options: {
  serviceUrl: string;
  adminUrl: string;
  password: string;
  kafkaPort: number;
  mqttPort: number;
  amqpPort: number;
  adminPort: number;
}): Promise<GatewayConfig> {
  const anybody = { host: '127.0.0.1', defaultTenant: tenant, anonymousTenant: tenant };
  return checkConfig({
    pulsar: { serviceUrl: options.serviceUrl, adminUrl: options.adminUrl },
    kafka: { listeners: [{ name: 'kafka', port: options.kafkaPort, ...anybody }] },
    mqtt: { listeners: [{ name: 'mqtt', port: options.mqttPort, ...anybody }] },
    amqp: { listeners: [{ name: 'amqp', port: options.amqpPort, ...anybody }] },
    admin: { host: '127.0.0.1', port: options.adminPort },
    tenants: [
      {
        name: tenant,
        namespace,
        kafka: { autoCreateTopics: true, partitionsDefault: 3 },
        users: [{ name: username, password: await scryptVerifier(options.password) }],
        permissions: [
          { principals: ['*'], actions: ['*'], resource: { type: '*', match: 'pattern', name: '*' } },
        ],
      },
    ],
    log: { level: 'warn' },
  });
}
