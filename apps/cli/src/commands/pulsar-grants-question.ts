import { type GatewayConfig, PulsarPolicy, pulsarClientOptions } from '#apps/gateway';
import { type Action, Authorizer, type Principal, type Resource } from '#libs/auth';
import { GrantWatch, PulsarClient } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';

export interface GrantsQuestion {
  readonly principal: Principal;
  readonly action: Action;
  readonly resource: Resource;
}

/** What a tenant with `authorization: pulsar` answers now, by the same reading and judging as in the gateway. Exit code. */
export async function askPulsar(
  config: GatewayConfig,
  namespace: string,
  { principal, action, resource }: GrantsQuestion,
  json: boolean,
): Promise<number> {
  const client = new PulsarClient(pulsarClientOptions(config, silentLog));
  let reason = '';
  const warn = (fields: { reason?: string }) => {
    reason = fields.reason ?? '';
  };
  const watch = new GrantWatch({
    admin: client.admin,
    namespaces: [namespace],
    log: { ...silentLog, warn },
  });
  try {
    await watch.start();
    const { user, tenant } = principal;
    const grants = watch.grants(namespace);
    if (grants === undefined) {
      process.stderr.write(`what Pulsar has granted in ${namespace} cannot be read: ${reason}\n`);
      return 1;
    }
    const authorizer = new Authorizer([]);
    authorizer.setPolicy(tenant.name, new PulsarPolicy(watch, namespace));
    const allowed = authorizer.authorize(principal, action, resource);
    const granted = {
      produce: [...grants.grounds(user, 'produce')],
      consume: [...grants.grounds(user, 'consume')],
    };
    const asked = { tenant: tenant.name, user, action, resource, allowed };
    const said = Object.entries(granted).map(([what, by]) => `${what} by ${by.join(', ') || 'nothing'}`);
    const text = `${allowed ? 'allowed' : 'denied '} ${user} of ${tenant.name}: ${action} ${resource.type} ${resource.name}`;
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...asked, granted })}\n`
        : `${text}\n  role ${user} in ${namespace} may ${said.join('; ')}\n`,
    );
    return allowed ? 0 : 1;
  } finally {
    watch.close();
    await client.close();
  }
}
