import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseIssuerKeys, passwordFault, readUsersFile, UsersFileError } from '#libs/auth';
import { adminTokenKeys, adminTokenOf } from './config/admin.schema.js';
import type { ConfigFault, ConfigPath } from './config/config-fault.js';
import { type JwtIssuerConfig, jwtIssuerOf } from './config/jwt.schema.js';
import type { ListenerConfig } from './config/listener.schema.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { passwordOf } from './tenants.js';

/**
 * Faults in what the configuration points to: files that cannot be read, variables that are not set, password
 * verifiers and TLS files that are none. File names must be absolute. No message repeats a secret.
 */
export function referenceFaults(config: GatewayConfig, environment: NodeJS.ProcessEnv): ConfigFault[] {
  return [
    ...adminTokenFaults(config.admin, environment),
    ...filesOf(config.pulsar, ['pulsar']).flatMap(({ path, file }) => unreadable(path, file)),
    ...config.tenants.flatMap(({ pulsar }, index) =>
      filesOf(pulsar ?? {}, ['tenants', index, 'pulsar']).flatMap(({ path, file }) => unreadable(path, file)),
    ),
    ...config.authentication.jwt.flatMap((issuer, index) =>
      issuerFaults(issuer, ['authentication', 'jwt', index], environment),
    ),
    ...listenersOf(config).flatMap(({ path, listener }) => tlsFaults(listener, [...path, 'tls'])),
    ...usersFileFaults(config),
    ...config.tenants.flatMap(({ users }, tenantIndex) =>
      users.flatMap((user, index) =>
        passwordFaults(user, ['tenants', tenantIndex, 'users', index], environment),
      ),
    ),
  ];
}

function adminTokenFaults(admin: GatewayConfig['admin'], environment: NodeJS.ProcessEnv): ConfigFault[] {
  const key = adminTokenKeys.find((each) => admin[each] !== undefined);
  if (key === undefined) return [];
  try {
    adminTokenOf(admin, environment);
    return [];
  } catch (error) {
    const message =
      key === 'tokenFile' && 'code' in (error as Error)
        ? unreadableMessage(admin.tokenFile!, error)
        : (error as Error).message;
    return [{ path: ['admin', key], message }];
  }
}

/** The users file's own faults, and users that clash with the configuration's. */
function usersFileFaults({ authentication, tenants }: GatewayConfig): ConfigFault[] {
  const { usersFile } = authentication;
  if (usersFile === undefined) return [];
  const path = ['authentication', 'usersFile'];
  try {
    return readUsersFile(usersFile).flatMap(({ tenant: of, name }) => {
      const tenant = tenants.find((each) => each.name === of);
      const who = `${JSON.stringify(name)} of tenant ${JSON.stringify(of)}`;
      if (tenant === undefined) return [{ path, message: `user ${who}: there is no such tenant` }];
      const twice = tenant.users.some((user) => user.name === name);
      return twice ? [{ path, message: `user ${who} is one of the configuration's, too` }] : [];
    });
  } catch (error) {
    if (error instanceof UsersFileError) return [{ path, message: error.message }];
    throw error;
  }
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
    const fault = passwordFault(passwordOf(user, environment));
    return fault === undefined ? [] : [{ path: [...path, key], message: fault }];
  } catch (error) {
    return [{ path: [...path, key], message: (error as Error).message }];
  }
}

function certificateFaults(path: ConfigPath, file: string): ConfigFault[] {
  try {
    new X509Certificate(readFileSync(file));
    return [];
  } catch {
    return [{ path, message: `${file} holds no certificate in PEM` }];
  }
}

/** The keys of an issuer's server are not asked for here: it may come after the gateway. */
function issuerFaults(
  issuer: JwtIssuerConfig,
  path: ConfigPath,
  environment: NodeJS.ProcessEnv,
): ConfigFault[] {
  const key = (['keysFile', 'secretFile', 'caFile', 'secretEnv'] as const).find(
    (each) => issuer[each] !== undefined,
  );
  if (key === undefined) return [];
  const file = key === 'secretEnv' ? undefined : issuer[key];
  const faults = file === undefined ? [] : unreadable([...path, key], file);
  if (faults.length > 0) return faults;
  if (issuer.caFile !== undefined) return certificateFaults([...path, 'caFile'], issuer.caFile);
  try {
    const content = file === undefined ? Buffer.alloc(0) : readFileSync(file);
    parseIssuerKeys(jwtIssuerOf(issuer, environment), content);
    return [];
  } catch (error) {
    return [{ path: [...path, key], message: (error as Error).message }];
  }
}

/** A missing or mismatched certificate must not show only when the listener before it is open already. */
function tlsFaults({ tls }: ListenerConfig, path: ConfigPath): ConfigFault[] {
  if (tls === undefined) return [];
  const authorities = tls.caFile === undefined ? [] : unlike([...path, 'caFile'], tls.caFile, authority);
  return [
    ...pairFaults(tls, path),
    ...tls.certificates.flatMap((each, index) => pairFaults(each, [...path, 'certificates', index])),
    ...authorities,
  ];
}

const authority = { what: 'certificate', parse: (pem: Buffer): unknown => new X509Certificate(pem) };
const privateKey = { what: 'private key', parse: (pem: Buffer): unknown => createPrivateKey(pem) };

function pairFaults(files: { certFile: string; keyFile: string }, path: ConfigPath): ConfigFault[] {
  const faults = [
    ...unlike([...path, 'certFile'], files.certFile, authority),
    ...unlike([...path, 'keyFile'], files.keyFile, privateKey),
  ];
  if (faults.length > 0) return faults;
  const certificate = new X509Certificate(readFileSync(files.certFile));
  if (certificate.checkPrivateKey(createPrivateKey(readFileSync(files.keyFile)))) return [];
  return [{ path: [...path, 'keyFile'], message: 'is not the key of the certificate in certFile' }];
}

/** A file that cannot be read, or is not what it is said to be. */
function unlike(
  path: ConfigPath,
  file: string,
  { what, parse }: { what: string; parse(pem: Buffer): unknown },
): ConfigFault[] {
  const faults = unreadable(path, file);
  if (faults.length > 0) return faults;
  try {
    parse(readFileSync(file));
    return [];
  } catch {
    return [{ path, message: `${file} holds no ${what} in PEM` }];
  }
}
