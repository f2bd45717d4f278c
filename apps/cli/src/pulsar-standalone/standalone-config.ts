// What an embedded Pulsar is started with.
import { join } from 'node:path';

export interface PulsarPorts {
  readonly binary: number;
  readonly http: number;
  readonly bookie: number;
}

const interceptors = ['AppendIndexMetadataInterceptor', 'AppendBrokerTimestampMetadataInterceptor']
  .map((name) => `org.apache.pulsar.common.intercept.${name}`)
  .join(',');

/** Broker settings that the gateway relies on, and those of a one-node cluster on the loopback interface. */
export function standaloneConfig(ports: PulsarPorts, overrides: Readonly<Record<string, string>>): string {
  const settings: Record<string, string> = {
    clusterName: 'standalone',
    bindAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
    brokerServicePort: String(ports.binary),
    webServicePort: String(ports.http),
    brokerEntryMetadataInterceptors: interceptors,
    exposingBrokerEntryMetadataToClientEnabled: 'true',
    transactionCoordinatorEnabled: 'true',
    // With transactions each topic that is loaded waits, behind all others, for a read by the broker's own client: one
    // that is not answered would hold them up for 30 s.
    brokerClient_operationTimeoutMs: '10000',
    acknowledgmentAtBatchIndexLevelEnabled: 'true',
    nettyMaxFrameSizeBytes: '5253120',
    managedLedgerDefaultEnsembleSize: '1',
    managedLedgerDefaultWriteQuorum: '1',
    managedLedgerDefaultAckQuorum: '1',
    loadBalancerEnabled: 'false',
    // A minute by default: topics of a demonstration and of tests are compacted while somebody looks.
    brokerServiceCompactionMonitorIntervalInSeconds: '5',
    forceDeleteNamespaceAllowed: 'true',
    forceDeleteTenantAllowed: 'true',
    brokerShutdownTimeoutMs: '10000',
    // The bookie reads the same file: it listens on the loopback interface only, on the port it is given, and does not
    // turn read-only on a developer's nearly full disk.
    listeningInterface: process.platform === 'darwin' ? 'lo0' : 'lo',
    allowLoopback: 'true',
    allowEphemeralPorts: 'true',
    journalSyncData: 'true',
    // As Pulsar ships its bookies (conf/bookkeeper.conf); BookKeeper's own default is 2.
    journalMaxGroupWaitMSec: '1',
    diskUsageThreshold: '0.999',
    diskUsageWarnThreshold: '0.998',
    ...overrides,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

const openedModules = [
  'java.base/jdk.internal.loader',
  'java.base/java.lang',
  'java.base/java.io',
  'java.base/java.util.zip',
  'java.base/sun.net',
  'java.base/java.nio',
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.platform',
  'java.management/sun.management',
  'jdk.management/com.sun.management.internal',
];

export interface JavaStart {
  readonly jars: string;
  readonly configFile: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly logConfig: string;
  readonly bookiePort: number;
  readonly javaOptions: readonly string[];
}

export function javaArguments(start: JavaStart): string[] {
  return [
    '-Xms512m',
    '-Xmx1g',
    '-XX:MaxDirectMemorySize=1g',
    '-XX:+ExitOnOutOfMemoryError',
    ...start.javaOptions,
    ...openedModules.flatMap((module) => ['--add-opens', `${module}=ALL-UNNAMED`]),
    '-Dpulsar.allocator.exit_on_oom=false',
    '-Dio.netty.tryReflectionSetAccessible=true',
    `-Dlog4j2.configurationFile=${start.logConfig}`,
    `-Dpulsegate.log=${start.logFile}`,
    '-cp',
    join(start.jars, '*'),
    'org.apache.pulsar.PulsarStandaloneStarter',
    ...['--config', start.configFile],
    ...['--metadata-dir', join(start.dataDir, 'metadata')],
    ...['--bookkeeper-dir', join(start.dataDir, 'bookkeeper')],
    ...['--bookkeeper-port', String(start.bookiePort)],
    '--no-functions-worker',
    '--no-stream-storage',
  ];
}

const image = 'apachepulsar/pulsar:4.2.4';

/**
 * `docker run` of the official image in the foreground, with the same settings, ports and data. It runs as the caller
 * (in the image's group 0), so that the data stay the caller's.
 */
export function containerArguments(name: string, start: JavaStart, ports: PulsarPorts): string[] {
  const publish = [ports.binary, ports.http].flatMap((port) => ['-p', `127.0.0.1:${port}:${port}`]);
  const mounts = ['-v', `${start.dataDir}:/pulsar/data`, '-v', `${start.configFile}:/pulsegate.conf:ro`];
  const environment = [
    ...['-e', 'PULSAR_MEM=-Xms512m -Xmx1g -XX:MaxDirectMemorySize=1g'],
    ...['-e', 'PULSAR_STANDALONE_CONF=/pulsegate.conf'],
  ];
  const folders = ['--metadata-dir', 'data/metadata', '--bookkeeper-dir', 'data/bookkeeper'];
  return [
    ...['run', '--rm', '--name', name, '--user', `${process.getuid?.() ?? 0}:0`],
    ...publish,
    ...mounts,
    ...environment,
    ...[image, 'bin/pulsar', 'standalone', ...folders],
    ...['--bookkeeper-port', String(ports.bookie), '--no-functions-worker', '--no-stream-storage'],
  ];
}
