import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isScryptVerifier, parseScryptVerifier } from '#libs/auth';
import type { ConfigFault, ConfigPath } from './config/config-fault.js';
import type { ListenerConfig } from './config/listener.schema.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { passwordOf } from './tenants.js';

/**
 * Faults in what the configuration points to: files that cannot be read, variables that are not set, password
 * verifiers and TLS files that are none. File names must be absolute. No message repeats a secret.
 */
export function referenceFaults(config: GatewayConfig, environment: NodeJS.ProcessEnv): ConfigFault[] {
  return [
    ...filesOf(config.pulsar, ['pulsar']).flatMap(({ path, file }) => unreadable(path, file)),
    ...config.tenants.flatMap(({ pulsar }, index) =>
      filesOf(pulsar ?? {}, ['tenants', index, 'pulsar']).flatMap(({ path, file }) => unreadable(path, file)),
    ),
    ...listenersOf(config).flatMap(({ path, listener }) => tlsFaults(listener, [...path, 'tls'])),
    ...config.tenants.flatMap(({ users }, tenantIndex) =>
      users.flatMap((user, index) =>
        passwordFaults(user, ['tenants', tenantIndex, 'users', index], environment),
      ),
    ),
  ];
}

function filesOf(value: object, path: ConfigPath): { path: ConfigPath; file: string }[] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (each !== null && typeof each === 'object') return filesOf(each, [...path, key]);
    return key.endsWith('File') && typeof each === 'string' ? [{ path: [...path, key], file: each }] : [];
  });
}

function unreadable(path: ConfigPath, file: string): ConfigFault[] {
  try {
    readFileSync(file);
    return [];
  } catch (error) {
    return [{ path, message: unreadableMessage(file, error) }];
  }
}

function unreadableMessage(file: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code})`;
}

function passwordFaults(
  user: GatewayConfig['tenants'][number]['users'][number],
  path: ConfigPath,
  environment: NodeJS.ProcessEnv,
): ConfigFault[] {
  const key = (['password', 'passwordEnv', 'passwordFile'] as const).find((each) => user[each] !== undefined);
  if (key === undefined) return [];
  if (key === 'passwordFile') {
    const faults = unreadable([...path, key], user.passwordFile ?? '');
    if (faults.length > 0) return faults;
  }
  try {
    const password = passwordOf(user, environment);
    if (isScryptVerifier(password)) parseScryptVerifier(password);
    return [];
  } catch (error) {
    return [{ path: [...path, key], message: (error as Error).message }];
  }
}

/** A missing or mismatched certificate must not show only when the listener before it is open already. */
function tlsFaults({ tls }: ListenerConfig, path: ConfigPath): ConfigFault[] {
  if (tls === undefined) return [];
  const faults: ConfigFault[] = [];
  const read = <T>(key: 'certFile' | 'keyFile' | 'caFile', what: string, parse: (pem: Buffer) => T) => {
    const file = tls[key];
    if (file === undefined) return undefined;
    let pem: Buffer;
    try {
      pem = readFileSync(file);
    } catch (error) {
      faults.push({ path: [...path, key], message: unreadableMessage(file, error) });
      return undefined;
    }
    try {
      return parse(pem);
    } catch {
      faults.push({ path: [...path, key], message: `${file} holds no ${what} in PEM` });
      return undefined;
    }
  };
  const certificate = read('certFile', 'certificate', (pem) => new X509Certificate(pem));
  const key: KeyObject | undefined = read('keyFile', 'private key', (pem) => createPrivateKey(pem));
  read('caFile', 'certificate', (pem) => new X509Certificate(pem));
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    faults.push({ path: [...path, 'keyFile'], message: 'is not the key of the certificate in certFile' });
  }
  return faults;
}
