// Two tenants that give everything the same names, at the gateways of one cluster.
import { randomBytes } from 'node:crypto';
import { allowAll, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.js';
import { createPulsarNamespace } from '../support/pulsar.js';

export const tenantNames = ['acme', 'beta'] as const;
export type TenantName = (typeof tenantNames)[number];

/** The vhost that both have beside their own. */
export const secondVhost = 'second';

/** Of the one user that each has, whose name is the same. */
export const userName = 'app';
export const secretOf = (tenant: string): string => `secret-of-${tenant}`;

export interface TwoTenants {
  readonly gateways: readonly TestGateway[];
  /** Of `/` and {@link secondVhost}. */
  namespaceOf(tenant: TenantName, vhost: string): string;
  stop(): Promise<void>;
}

/**
 * @param fronts the listeners that the rows need beside Kafka's, see {@link TestGatewayOptions}
 * @param count of gateways, which are one cluster
 */
export async function startTwoTenants(
  fronts: Pick<TestGatewayOptions, 'mqtt' | 'amqp' | 'config'>,
  count = 2,
): Promise<TwoTenants> {
  const namespaces = new Map<string, string>();
  const tenants = await Promise.all(
    tenantNames.map(async (name) => {
      for (const vhost of ['/', secondVhost]) {
        namespaces.set(name + vhost, await createPulsarNamespace(name));
      }
      return {
        ...{ name, namespace: namespaces.get(`${name}/`)!, permissions: [allowAll] },
        users: [{ name: userName, password: secretOf(name) }],
        amqp: { transactions: true },
        amqp091: { vhosts: [{ name: secondVhost, pulsarNamespace: namespaces.get(name + secondVhost)! }] },
      };
    }),
  );
  const stateNamespace = `public/pulsegate-walls-${randomBytes(4).toString('hex')}`;
  const options = { ...fronts, tenants, stateNamespace };
  const gateways = await Promise.all(Array.from({ length: count }, () => startGateway(options)));
  return {
    gateways,
    namespaceOf: (tenant, vhost) => namespaces.get(tenant + vhost)!,
    stop: async () => void (await Promise.all(gateways.map((gateway) => gateway.stop()))),
  };
}
