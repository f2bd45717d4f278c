import { forgedToken } from '#apps/gateway';
import { isPulsarError, type PulsarClient, type PulsarIdentity } from '#libs/pulsar';

/** One line of what `doctor` finds. */
export interface Finding {
  readonly subject: string;
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly wanted: string;
  readonly command: string;
}

/** Whether the brokers answer, and take the gateway for somebody. */
export async function ownIdentity(client: PulsarClient, serviceUrl: string): Promise<Finding> {
  const about = { subject: 'Pulsar', check: 'binary protocol', wanted: serviceUrl };
  return attempt(about, 'answers', () => client.ping(), {
    AuthenticationError: 'correct pulsar.auth: the brokers do not take these credentials',
    AuthorizationError:
      'give pulsar.auth a role that is none of the brokers’ proxyRoles (pulsar.proxyAuth is for that one)',
    other: `start Pulsar, or correct ${serviceUrl} in the configuration`,
  });
}

/** Whether the brokers take the tenants' connections for who they are to be. */
export async function tenantIdentities(
  client: PulsarClient,
  identities: ReadonlyMap<string, PulsarIdentity>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [tenant, identity] of identities) {
    const { originalPrincipal: role } = identity;
    const [key, wanted] =
      role === undefined
        ? [`pulsar.auth of tenant ${tenant}`, 'let in']
        : ['pulsar.proxyAuth', `let in for role ${role}`];
    const about = { subject: `tenant ${tenant}`, check: 'identity', wanted };
    findings.push(
      await attempt(about, wanted, () => client.tryIdentity(identity), {
        AuthenticationError: `correct ${key}: the brokers do not take these credentials`,
        AuthorizationError:
          role === undefined
            ? `the role of ${key} is one of the brokers’ proxyRoles: use another, or pulsar.role with pulsar.proxyAuth`
            : `add the role of pulsar.proxyAuth, and not ${role}, to proxyRoles in broker.conf and restart the brokers`,
        other: 'start Pulsar, or correct pulsar.serviceUrl in the configuration',
      }),
    );
  }
  return findings;
}

/** Whether brokers refuse a token that nobody signed: else Pulsar's tokens say nothing about who a client is. */
export async function tokensVerified(client: PulsarClient): Promise<Finding> {
  const about = { subject: 'Pulsar', check: 'tokens', wanted: 'a forged token is refused' };
  try {
    await client.tryIdentity({ auth: { method: 'token', token: forgedToken() } });
  } catch (error) {
    if (isPulsarError(error, 'AuthenticationError')) {
      return { ...about, ok: true, found: about.wanted, command: '' };
    }
    return { ...about, ok: false, found: messageOf(error), command: 'start Pulsar' };
  }
  const command =
    'set authenticationEnabled=true and AuthenticationProviderToken among authenticationProviders in broker.conf, or take authentication.pulsarTokens out';
  return { ...about, ok: false, found: 'a forged token is taken', command };
}

/** What to do by the code of the error. */
interface Advice {
  readonly AuthenticationError: string;
  readonly AuthorizationError: string;
  readonly other: string;
}

async function attempt(
  about: Pick<Finding, 'subject' | 'check' | 'wanted'>,
  found: string,
  action: () => Promise<unknown>,
  advice: Advice,
): Promise<Finding> {
  try {
    await action();
    return { ...about, ok: true, found, command: '' };
  } catch (error) {
    const refused = (['AuthenticationError', 'AuthorizationError'] as const).find((code) =>
      isPulsarError(error, code),
    );
    return { ...about, ok: false, found: messageOf(error), command: advice[refused ?? 'other'] };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
