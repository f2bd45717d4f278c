import { ConfigError, listenersOf, loadConfig } from '#apps/gateway';

/** `pulsegate check-config`: exit code 2 and one line per fault, or a line that says the file is good. */
export function checkConfigCommand(options: { config: string; json?: boolean; references: boolean }): number {
  try {
    const config = loadConfig(options.config, process.env, options);
    const summary = {
      tenants: config.tenants.length,
      listeners: listenersOf(config).map(
        ({ protocol, listener }) => `${protocol} ${listener.host}:${listener.port}`,
      ),
    };
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ valid: true, faults: [], ...summary })}\n`
        : `${options.config} is valid: ${summary.tenants} tenants, listeners ${summary.listeners.join(', ') || 'none'}\n`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (options.json) process.stdout.write(`${JSON.stringify({ valid: false, faults: error.faults })}\n`);
    else process.stderr.write(`${error.message}\n${faultCount(error)} in ${options.config}\n`);
    return 2;
  }
}

function faultCount({ faults }: ConfigError): string {
  return faults.length === 1 ? '1 fault' : `${faults.length} faults`;
}
