import { loadConfig, runGateway } from '#apps/gateway';

/** `pulsegate start`: runs until SIGTERM or SIGINT; a configuration fault is reported before a port opens. */
export async function startCommand(options: { config: string }): Promise<number> {
  const config = loadConfig(options.config, process.env, { references: true });
  const gateway = await runGateway(config, options.config);
  await gateway.stopped;
  return 0;
}
