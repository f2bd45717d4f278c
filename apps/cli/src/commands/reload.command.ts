import { readFileSync } from 'node:fs';
import { loadConfig } from '#apps/gateway';

/** Longer than a gateway waits for new namespaces. */
const answerMsMax = 60_000;

export interface ReloadOptions {
  readonly config: string;
  readonly admin?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

interface Answer {
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly changed?: readonly { readonly tenant: string; readonly settings: readonly string[] }[];
  readonly gateway?: readonly string[];
  readonly unserved?: readonly string[];
  readonly error?: string;
  readonly faults?: readonly { readonly where: string; readonly key: string; readonly message: string }[];
}

/**
 * `pulsegate reload`: checks the file as `check-config` does, and gives it to the gateway that runs. Exit code 0 when it is in
 * force, 2 when either finds a fault, 1 when the gateway cannot be asked.
 */
export async function reloadCommand({
  config: file,
  admin,
  tokenFile,
  json,
}: ReloadOptions): Promise<number> {
  const config = loadConfig(file, process.env, { references: true });
  const token =
    tokenFile === undefined ? process.env['PULSEGATE_ADMIN_TOKEN'] : readFileSync(tokenFile, 'utf8').trim();
  if (!token) throw new Error('give the token of the gateway: --token-file, or PULSEGATE_ADMIN_TOKEN');
  const url = new URL('/api/config', admin ?? adminUrlOf(config.admin));
  const response = await fetch(url, {
    method: 'PUT',
    body: readFileSync(file, 'utf8'),
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(answerMsMax),
  });
  const answer = (await response.json()) as Answer;
  if (json) process.stdout.write(`${JSON.stringify(answer)}\n`);
  else if (response.ok) process.stdout.write(`${linesOf(answer).join('\n')}\n`);
  else for (const line of faultsOf(answer, file)) process.stderr.write(`${line}\n`);
  if (response.ok) return 0;
  return response.status === 400 ? 2 : 1;
}

function adminUrlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function linesOf({ added = [], removed = [], changed = [], gateway = [], unserved = [] }: Answer): string[] {
  const lines = [
    ...added.map((tenant) => `added    ${tenant}`),
    ...removed.map((tenant) => `removed  ${tenant}`),
    ...changed.map(({ tenant, settings }) => `changed  ${tenant}: ${settings.join(', ')}`),
    ...gateway.map((setting) => `changed  ${setting}`),
    ...unserved.map((namespace) => `not served yet: ${namespace}`),
  ];
  return lines.length === 0 ? ['nothing has changed'] : lines;
}

/** The gateway does not know what the text is called here. */
function faultsOf({ error, faults }: Answer, file: string): string[] {
  return (
    faults?.map(
      ({ where, key, message }) => `${where.replace(/^request(?=:)/, file)}  ${key || '(file)'}: ${message}`,
    ) ?? [error ?? 'refused']
  );
}
