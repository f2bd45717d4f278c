// One attempt of a stock AMQP client to be somebody: whether it is let in, and what it may then send to.
import { AMQPClient, AMQPError } from '@cloudamqp/amqp-client';
import { connect as connectAmqplib, credentials } from 'amqplib';
import rhea, { type EventContext } from 'rhea';

/** `forbidden`: for want of permission. `refused`: not let in. */
export type AmqpOutcome = 'sent' | 'forbidden' | 'refused';

export interface AmqpCredentials {
  readonly username?: string;
  readonly password?: string;
  /** A SASL mechanism that proves it in turns, by the client's side of it. */
  readonly mechanism?: { readonly name: string; first(): Buffer; next(challenge: Buffer): Buffer };
  /** PEM */
  readonly certificate?: { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer };
}

export interface AmqpAttempt extends AmqpCredentials {
  /** `host:port`; by TLS where there is a certificate. */
  readonly address: string;
  readonly queue: string;
}

const timeoutMs = 15_000;

/** AMQP 1.0 by rhea. */
export function attemptRhea(attempt: AmqpAttempt): Promise<AmqpOutcome> {
  const { username, password, mechanism, certificate } = attempt;
  const [host, port] = attempt.address.split(':');
  const connection = rhea.create_container().connect({
    ...{ host, port: Number(port), reconnect: false, username, password },
    ...(mechanism && { sasl_mechanisms: { [mechanism.name]: () => inTurns(mechanism) } }),
    ...(certificate && {
      transport: 'tls',
      ...certificate,
      enable_sasl_external: true,
      servername: 'localhost',
    }),
  } as never);
  return new Promise<AmqpOutcome>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing in ${timeoutMs} ms`)), timeoutMs);
    const end = (outcome: AmqpOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    connection.once('connection_open', () => {
      const sender = connection.open_sender(`/queues/${attempt.queue}`);
      sender.once('sendable', () => void sender.send({ body: 'x' }));
      sender.once('accepted', () => end('sent'));
      sender.once('sender_error', ({ sender: refused }: EventContext) => {
        const { condition } = (refused?.error ?? {}) as { condition?: string };
        if (condition === 'amqp:unauthorized-access') end('forbidden');
        else reject(new Error(`refused with ${condition}`));
      });
    });
    for (const event of ['connection_error', 'disconnected', 'connection_close']) {
      connection.once(event, () => end('refused'));
    }
  }).finally(() => connection.close());
}

/** As rhea calls a mechanism. */
function inTurns({ first, next }: NonNullable<AmqpCredentials['mechanism']>) {
  type Told = (error: Error | undefined, response: Buffer) => void;
  return {
    start: (told: Told) => told(undefined, first()),
    step: (challenge: Buffer, told: Told) => told(undefined, next(challenge)),
  };
}

/** AMQP 0-9-1 by amqplib. */
export async function attemptAmqplib(attempt: AmqpAttempt): Promise<AmqpOutcome> {
  const { username, password, certificate, queue } = attempt;
  const [hostname, port] = attempt.address.split(':');
  const to = { hostname: hostname!, port: Number(port), username, password, vhost: '/' };
  const connection = await connectAmqplib(
    { ...to, protocol: certificate ? 'amqps' : 'amqp' } as never,
    certificate && { ...certificate, servername: 'localhost', credentials: credentials.external() },
  ).catch((error: Error) => {
    // Who has no certificate of a user is not offered EXTERNAL.
    if (/403|ACCESS.REFUSED|EXTERNAL is not provided/.test(error.message)) return undefined;
    throw error;
  });
  if (connection === undefined) return 'refused';
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue);
    channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    return 'sent';
  } catch (error) {
    if ((error as { code?: number }).code === 403) return 'forbidden';
    throw error;
  } finally {
    await connection.close().catch(() => {});
  }
}

/** AMQP 0-9-1 by amqp-client.js, which has PLAIN only. */
export async function attemptAmqpClientJs(attempt: AmqpAttempt): Promise<AmqpOutcome> {
  const { username = '', password = '', queue } = attempt;
  const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  const client = new AMQPClient(`amqp://${user}@${attempt.address}/%2F`);
  let isOpen = false;
  try {
    const connection = await client.connect();
    isOpen = true;
    const channel = await connection.channel();
    await channel.confirmSelect();
    await channel.queueDeclare(queue);
    await channel.basicPublish('', queue, 'x');
    return 'sent';
  } catch (error) {
    if (!(error instanceof AMQPError) || !/403|ACCESS_REFUSED/.test(error.message)) throw error;
    return isOpen ? 'forbidden' : 'refused';
  } finally {
    await client.close().catch(() => {});
  }
}
