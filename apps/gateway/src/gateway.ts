import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Authenticator } from '#libs/auth';
import { createLogger, type Log } from '#libs/telemetry';
import { assertPortFree } from '#libs/transport';
import { AdminAccess } from './admin/admin-access.js';
import { AdminErrors, adminHttp } from './admin/admin-http.js';
import { GatewayAudit } from './audit/gateway-audit.js';
import { ClusterMembership } from './cluster-membership.service.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';
import { ListenerSet } from './listener-set.service.js';
import { listenerSecurity, type OfferedIdentities, securityWarnings } from './security-summary.js';
import { pulsegateVersion } from './version.js';

/** A gateway that serves. */
export interface RunningGateway {
  /** `host:port` that clients of a protocol are told to connect to. */
  endpoint(protocol: string): string;
  readonly adminUrl: string;
  /** Answers what is in flight, then ends. The same promise however often it is called. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, whoever asked for it. Rejects when it had to, with a sentence for a person. */
  readonly stopped: Promise<void>;
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const;
/** One Ctrl-C may arrive twice, from the terminal and from a parent that passes it on; a later one is meant. */
const repeatedSignalMs = 1_000;
const keepAliveMs = 1_000;

/**
 * Starts everything and resolves when all listeners are open.
 *
 * @param configFile what the configuration was read from, to be read again when it changes
 * @throws Error with a sentence for a person when a port is taken or a secret is missing.
 */
export async function runGateway(config: GatewayConfig, configFile?: string): Promise<RunningGateway> {
  await assertPortsFree(config);
  const access = new AdminAccess(config.admin);
  const audit = new GatewayAudit(config, createLogger(config.log));
  const { log } = audit;
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.forRoot({ config, configFile, access, audit }),
    adminHttp(access, log.audit),
    { logger: nestLogger(log), abortOnError: false, bodyParser: false },
  );
  app.useGlobalFilters(new AdminErrors(log));
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>();
  let stoppingSince: number | undefined;
  let starting: Promise<string> | undefined;
  const stop = (): Promise<void> => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      const forget = () => {
        clearInterval(alive);
        for (const signal of stopSignals) process.removeListener(signal, onSignal);
      };
      // What is half up cannot be closed: Nest would go on and open the rest.
      app.get(ListenerSet).abandonStart();
      const started = starting?.catch(() => {}) ?? Promise.resolve();
      // With the listeners closed and Pulsar away nothing else keeps the process until all has had its time to end.
      const alive = setInterval(() => {}, keepAliveMs);
      started
        .then(() => app.close())
        .finally(forget)
        .then(() => (failure === undefined ? resolve() : reject(failure)), reject);
    }
    return stopped;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince === undefined) {
      log.info({ event: 'gateway.stopping', reason: signal }, 'stopping: answering what is in flight');
      void stop();
    } else if (performance.now() - stoppingSince > repeatedSignalMs) {
      log.warn({ event: 'gateway.aborted', reason: signal }, 'told to stop again: ending at once');
      process.exit(1);
    }
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  let failure: Error | undefined;
  app.get(ClusterMembership).failed.catch((error: Error) => {
    failure = error;
    void stop();
  });
  tellSecurity(config, app.get(Authenticator), access.enabled, log);
  let adminUrl: string;
  try {
    starting = listen(app, config);
    adminUrl = await starting;
  } catch (error) {
    await stop();
    throw error;
  }
  if (stoppingSince === undefined) {
    const started = { event: 'gateway.started', version: pulsegateVersion, tenants: config.tenants.length };
    log.info(started, 'gateway is up');
  }
  return { endpoint: (protocol) => endpointOf(app, protocol), adminUrl, stop, stopped };
}

/**
 * Before anything is begun: who opens the ports of another gateway on the same machine is taken for its successor, so
 * that one started twice by mistake would take the node id of the one that serves.
 */
async function assertPortsFree(config: GatewayConfig): Promise<void> {
  for (const { listener } of listenersOf(config)) {
    await assertPortFree(`listener ${listener.name}`, listener.host, listener.port);
  }
  await assertPortFree('the admin HTTP', config.admin.host, config.admin.port);
}

/** Who gets in, in one line: what a configuration amounts to, as an operator should see it at each start. */
function tellSecurity(config: GatewayConfig, offered: OfferedIdentities, mayChange: boolean, log: Log): void {
  const { host, port } = config.admin;
  const authentication = mayChange ? 'a token for changes, none to read' : 'none';
  const admin = { address: `${host}:${port}`, tls: 'off', authentication };
  log.info(
    { event: 'security.effective', listeners: listenerSecurity(config, offered), admin },
    'effective security',
  );
  for (const { message, ...fields } of securityWarnings(config, offered)) {
    log.warn({ event: 'security.weak', ...fields }, message);
  }
}

/** @returns the URL of the admin HTTP */
async function listen(app: NestFastifyApplication, config: GatewayConfig): Promise<string> {
  const { host, port } = config.admin;
  await app.listen(port, host);
  return app.getUrl();
}

function endpointOf(app: NestFastifyApplication, protocol: string): string {
  const info = app
    .get(ListenerSet)
    .infos()
    .find((each) => each.protocol === protocol);
  if (info === undefined) throw new Error(`no listener is open for ${protocol}`);
  return `${info.advertisedHost}:${info.advertisedPort}`;
}

/** Nest's own lines: its start-up chatter only when debugging. */
function nestLogger(log: Log): LoggerService {
  const line = (level: Exclude<keyof Log, 'audit'>) => (message: unknown, context?: unknown) =>
    log[level]({ event: 'nest', context: String(context ?? '') }, String(message));
  return {
    log: line('debug'),
    debug: line('debug'),
    verbose: line('debug'),
    warn: line('warn'),
    error: line('error'),
  };
}
