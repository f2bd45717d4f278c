import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError, pulsegateVersion } from '#apps/gateway';

const configOption = () =>
  new Option('-c, --config <file>', 'configuration file').env('PULSEGATE_CONFIG').default('pulsegate.yaml');
const jsonOption = () => new Option('--json', 'print JSON instead of a table');

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  }
  return port;
}

const afterHelp = `
Every setting of the configuration file can be overridden by an environment variable: PULSEGATE__admin__port=8090.
Exit codes: 0 done, 1 failed or something is missing, 2 wrong use or configuration.`;

type Run = <O>(
  load: () => Promise<(options: O) => Promise<number> | number>,
) => (options: O) => Promise<void>;

function aclCommands(root: Command, run: Run): void {
  const acl = root.command('acl').description('ask what the permissions of the configuration allow');
  const test = run(async () => (await import('./commands/acl-test.command.js')).aclTestCommand);
  acl
    .command('test')
    .description('say whether a user may do something, and which rule decides; exit code 1 when it is denied')
    .argument('<user>', 'name without the tenant; anonymous for clients without credentials')
    .argument(
      '<action>',
      'produce, consume, create, delete, alter, describe, alter-configs or describe-configs',
    )
    .argument(
      '<resource>',
      'topic:NAME, group:NAME, transactional-id:NAME, queue:NAME, exchange:NAME, mqtt-topic:NAME (consume: or a filter) or cluster',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .option('-t, --tenant <name>', 'the tenant, where there are several')
    .option('-g, --groups <names>', 'groups that a token or certificate gives, with commas', namesOf)
    .option('--client-id <id>', 'what the client calls itself, for rules with %c')
    .option('--qos <0|1|2>', 'of mqtt-topic: what is published with, or asked for (default 0)', qosOf)
    .option('--retain', 'of mqtt-topic: published with the RETAIN flag')
    .action((user, action, resource, options) => test({ ...options, user, action, resource }));
}

function qosOf(text: string): number {
  if (!/^[012]$/.test(text)) throw new InvalidArgumentError('a QoS is 0, 1 or 2');
  return Number(text);
}

function mapTopicCommand(root: Command, run: Run): void {
  const map = run(async () => (await import('./commands/map-topic.command.js')).mapTopicCommand);
  root
    .command('map-topic')
    .description(
      'say which Pulsar topic and key an MQTT topic has, and which rule says so; exit code 1 when it has none',
    )
    .argument('<name>', 'an MQTT topic')
    .addOption(configOption())
    .addOption(jsonOption())
    .option('-t, --tenant <name>', 'the tenant, where there are several')
    .option('--filter', 'the name is a filter: say which Pulsar topics it reads')
    .action((name, options) => map({ ...options, name }));
}

const namesOf = (text: string) => text.split(',').filter((name) => name !== '');

/** The `pulsegate` command. Each command answers its exit code: 0 done, 1 failed, 2 wrong use or configuration. */
function program(setExitCode: (code: number) => void): Command {
  const root = new Command('pulsegate')
    .description('Clients of Kafka, MQTT and AMQP on Apache Pulsar: a gateway in front of unmodified brokers')
    .version(pulsegateVersion, '-V, --version', 'print the version')
    .addHelpText('after', afterHelp)
    .exitOverride()
    .showHelpAfterError();
  // Commands are loaded when they are run: the gateway carries no demo in its heap.
  const run: Run = (load) => async (options) => setExitCode(await (await load())(options));
  root
    .command('start')
    .description('run the gateway until SIGTERM or SIGINT, which lets it answer what is in flight')
    .addOption(configOption())
    .action(run(async () => (await import('./commands/start.command.js')).startCommand));
  root
    .command('check-config')
    .description(
      'check a configuration file and all that it points to, and name every fault with line and key',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .option(
      '--no-references',
      'do not look at the files and variables with passwords, tokens and certificates',
    )
    .action(run(async () => (await import('./commands/check-config.command.js')).checkConfigCommand));
  root
    .command('reload')
    .description(
      'check a configuration file and give it to the gateway that runs, which changes what differs',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--admin <url>', 'admin HTTP of the gateway; default: what the file says')
    .option('--token-file <file>', 'file with its admin.token; default: the variable PULSEGATE_ADMIN_TOKEN')
    .action(run(async () => (await import('./commands/reload.command.js')).reloadCommand));
  root
    .command('schema')
    .description('print the JSON Schema of the configuration')
    .action(run(async () => (await import('./commands/schema.command.js')).schemaCommand));
  root
    .command('doctor')
    .description('check Pulsar and every tenant namespace, and print the commands that mend what is missing')
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--fix', 'set what is missing, where the gateway’s role may')
    .action(run(async () => (await import('./commands/doctor.command.js')).doctorCommand));
  root
    .command('hash-password')
    .description('read a password from standard input and print its verifier for the configuration')
    .action(run(async () => (await import('./commands/hash-password.command.js')).hashPasswordCommand));
  aclCommands(root, run);
  mapTopicCommand(root, run);
  addUserCommands(root, setExitCode);
  root
    .command('demo')
    .description(
      'start an embedded Pulsar and the gateway with a demo tenant; send by Kafka, MQTT and AMQP through it',
    )
    .option('--once', 'end after the table')
    .option('--service-url <url>', 'use this Pulsar instead of an embedded one')
    .option('--admin-url <url>', 'admin REST of that Pulsar')
    .option('--wipe', 'forget the data of earlier runs')
    .option('--kafka-port <port>', 'port for Kafka clients', portOf, 9092)
    .option('--mqtt-port <port>', 'port for MQTT clients', portOf, 1883)
    .option('--amqp-port <port>', 'port for AMQP clients', portOf, 5672)
    .option('--admin-port <port>', 'port of the admin HTTP', portOf, 8090)
    .option('--pulsar-port <port>', 'binary port of the embedded Pulsar', portOf, 6650)
    .option('--pulsar-admin-port <port>', 'REST port of the embedded Pulsar', portOf, 8080)
    .action(run(async () => (await import('./commands/demo.command.js')).demoCommand));
  return root;
}

function listOf(text: string): string[] {
  return text.split(',').filter((each) => each !== '');
}

const verifierKinds = ['scrypt', 'scram-sha-256', 'scram-sha-512'];

function verifierKindsOf(text: string): string[] {
  const kinds = listOf(text);
  if (kinds.length === 0 || !kinds.every((kind) => verifierKinds.includes(kind))) {
    throw new InvalidArgumentError(`Give one or more of ${verifierKinds.join(', ')}, separated by commas.`);
  }
  return kinds;
}

function addUserCommands(root: Command, setExitCode: (code: number) => void): void {
  const load = () => import('./commands/user.command.js');
  const user = root
    .command('user')
    .description('users of the users file, which the gateway reads again when it changes');
  const command = (usage: string, description: string) =>
    user
      .command(usage)
      .description(description)
      .addOption(configOption())
      .option('--file <file>', 'the users file; default: authentication.usersFile of the configuration');
  command('add <name>', 'add a user or change its password, which is asked for or read from standard input')
    .requiredOption('--tenant <tenant>', 'whose user it is')
    .addOption(
      new Option(
        '--mechanism <kinds>',
        `what to verify the password with: ${verifierKinds.join(', ')}, or several`,
      )
        .argParser(verifierKindsOf)
        .default(['scram-sha-256', 'scram-sha-512']),
    )
    .option('--groups <groups>', 'its groups, separated by commas', listOf)
    .action(async (name, options) => setExitCode(await (await load()).addUserCommand({ ...options, name })));
  command('remove <name>', 'remove a user; its connections end')
    .requiredOption('--tenant <tenant>', 'whose user it is')
    .action(async (name, options) => setExitCode((await load()).removeUserCommand({ ...options, name })));
  command('list', 'list the users')
    .option('--tenant <tenant>', 'of this tenant only')
    .addOption(jsonOption())
    .action(async (options) => setExitCode((await load()).listUsersCommand(options)));
}

/** Runs one command line and answers the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  try {
    await program((code) => {
      exitCode = code;
    }).parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    process.stderr.write(`pulsegate: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
