import { PulsarError } from './pulsar.errors.js';

export interface ServiceHost {
  readonly host: string;
  readonly port: number;
}

/** A service URL taken apart. */
export interface ServiceUrl {
  readonly tls: boolean;
  readonly hosts: readonly ServiceHost[];
}

const defaultPort = 6650;
const defaultPortTls = 6651;
/** More hosts than any cluster lists; a bound on what is tried in one connect. */
const hostsMax = 64;

/**
 * Parses `pulsar://h1:6650,h2:6650` or `pulsar+ssl://...`; IPv6 hosts in brackets; the port may be left out; a
 * trailing slash is tolerated. Throws 'InvalidConfiguration'.
 */
export function parseServiceUrl(text: string): ServiceUrl {
  const match = /^(pulsar|pulsar\+ssl):\/\/([^/?#]+)\/?$/.exec(text.trim());
  if (!match) throw invalid(text, 'it must look like pulsar://host:6650 or pulsar+ssl://host:6651');
  const tls = match[1] === 'pulsar+ssl';
  const hosts = (match[2] as string).split(',').map((part) => parseHost(part.trim(), tls, text));
  if (hosts.length > hostsMax) throw invalid(text, `it has more than ${hostsMax} hosts`);
  return { tls, hosts };
}

/** `host:port` as it goes into proxy_to_broker_url and into keys. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseHost(part: string, tls: boolean, text: string): ServiceHost {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]@\s]+))(?::(\d{1,5}))?$/.exec(part);
  if (!match) throw invalid(text, `"${part}" is no host`);
  const port = match[3] === undefined ? (tls ? defaultPortTls : defaultPort) : Number(match[3]);
  if (port < 1 || port > 65_535) throw invalid(text, `${port} is no port`);
  return { host: (match[1] ?? match[2]) as string, port };
}

function invalid(text: string, why: string): PulsarError {
  return new PulsarError('InvalidConfiguration', `service URL "${text}": ${why}`);
}
