import type { Socket } from 'node:net';
import type { AuthProvider } from './auth/auth-provider.js';
import type { ResolvedClientOptions } from './client.options.js';
import type {
  BrokerAddress,
  Connection,
  ConsumerHandler,
  ProducerHandler,
  TopicListHandler,
} from './connection.js';
import { ConnectionHandlers } from './connection-handlers.js';
import { clientVersion, featureFlags, protocolVersion, shakeHands } from './handshake.js';
import { KeepAlive } from './keep-alive.js';
import { PendingRequests } from './pending-requests.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';
import { copied, openSocket, type SocketTarget } from './socket.js';
import { answerFault, commandBody, decodeCommand, encodeCommandFrame } from './wire/command-codec.js';
import type { BaseCommand, BaseCommandInit, FeatureFlags } from './wire/commands.js';
import {
  commandEnd,
  commandStart,
  defaultMaxMessageSize,
  FrameDecoder,
  framePaddingBytes,
} from './wire/frame-decoder.js';
import { HotCommand, HotDecoder, hotCommandType, type SendReceiptFields } from './wire/hot-commands.js';

export interface OpenOptions {
  readonly broker: BrokerAddress;
  readonly target: SocketTarget;
  /** "host:port" of the broker, when `target` is the service URL's host (CONNECT's `proxy_to_broker_url`). */
  readonly proxyToBrokerUrl?: string;
  readonly auth: AuthProvider;
  /** The role that `auth`, which is of a proxy role, acts for. */
  readonly originalPrincipal?: string;
  readonly client: ResolvedClientOptions;
}

/** How long a closed connection may take to flush what was sent before. */
const closeFlushTimeoutMs = 3_000;

let lastConnectionId = 0;

/** Opens a socket and introduces this client, all within `connectionTimeoutMs`. Rejects with a PulsarError. */
export async function openConnection(options: OpenOptions): Promise<BrokerConnection> {
  const { client, auth, target } = options;
  const deadline = new AbortController();
  const late = new PulsarError(
    'ConnectFailed',
    `${target.host}:${target.port}: not within ${client.connectionTimeoutMs} ms`,
  );
  const timer = setTimeout(() => deadline.abort(late), client.connectionTimeoutMs);
  try {
    const authData = await withinDeadline(auth.credentials('connect'), deadline.signal);
    const socket = await openSocket(target, deadline.signal);
    const decoder = new FrameDecoder();
    const connected = await shakeHands(
      socket,
      decoder,
      {
        clientVersion,
        protocolVersion,
        authMethodName: auth.methodName,
        authData,
        proxyToBrokerUrl: options.proxyToBrokerUrl,
        originalPrincipal: options.originalPrincipal,
        featureFlags,
      },
      () => challengeAnswer(auth),
      deadline.signal,
    );
    return new BrokerConnection(options, socket, decoder, connected);
  } finally {
    clearTimeout(timer);
  }
}

function withinDeadline<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

async function challengeAnswer(auth: AuthProvider): Promise<BaseCommandInit> {
  const authData = await auth.credentials('challenge');
  return {
    authResponse: { clientVersion, protocolVersion, response: { authMethodName: auth.methodName, authData } },
  };
}

/** A Connection over a socket that has said CONNECTED. */
export class BrokerConnection implements Connection {
  readonly id = ++lastConnectionId;
  readonly broker: BrokerAddress;
  readonly maxMessageSize: number;
  readonly protocolVersion: number;
  readonly features: FeatureFlags;
  readonly serverVersion: string;
  readonly #options: OpenOptions;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #hot = new HotDecoder();
  readonly #receipt: SendReceiptFields = {
    producerId: 0,
    sequenceId: 0,
    ledgerId: 0,
    entryId: 0,
    highestSequenceId: 0,
  };
  readonly #pending: PendingRequests;
  readonly #handlers = new ConnectionHandlers();
  readonly #keepAlive: KeepAlive;
  readonly #writableListeners = new Set<() => void>();
  readonly #closeListeners = new Set<(error: PulsarError) => void>();
  readonly #onFrame = (frame: Buffer) => this.#frame(frame);
  #pongs: { promise: Promise<void>; resolve: () => void } | undefined;
  #challenged: Promise<void> | undefined;
  #lastRequestId = 0;
  /** Memory of the read that is being served, when it is the socket's. */
  #lent: ArrayBufferLike | undefined;
  #blocked = false;
  #corked = false;
  #closed: PulsarError | undefined;

  constructor(
    options: OpenOptions,
    socket: Socket,
    decoder: FrameDecoder,
    connected: NonNullable<BaseCommand['connected']>,
  ) {
    this.#options = options;
    this.#socket = socket;
    this.#decoder = decoder;
    this.broker = options.broker;
    this.maxMessageSize = connected.maxMessageSize ?? defaultMaxMessageSize;
    this.protocolVersion = connected.protocolVersion ?? 0;
    this.features = connected.featureFlags ?? {};
    this.serverVersion = connected.serverVersion;
    decoder.frameBytesMax = this.maxMessageSize + framePaddingBytes;
    this.#pending = new PendingRequests(options.client.requestsPendingMax);
    this.#keepAlive = new KeepAlive(options.client.keepAliveMs, {
      ping: () => this.tell({ ping: {} }),
      silent: (ms) => this.close(`the broker was silent for ${Math.round(ms)} ms`),
    });
    socket.on('data', (chunk: Buffer, isLent?: boolean) => this.#data(chunk, isLent));
    socket.on('drain', () => this.#drained());
    socket.once('error', (error) => this.#end(asPulsarError(error, 'Disconnected')));
    socket.once('close', () =>
      this.#end(new PulsarError('Disconnected', 'the broker closed the connection')),
    );
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Nobody uses it: no producer, consumer or watcher is registered and no request is outstanding. */
  get idle(): boolean {
    return this.#handlers.size === 0 && this.#pending.size === 0;
  }

  get sendBufferedBytes(): number {
    return this.#socket.writableLength;
  }

  get writable(): boolean {
    return !this.#blocked && this.#closed === undefined;
  }

  nextRequestId(): number {
    return ++this.#lastRequestId;
  }

  request(
    command: BaseCommandInit,
    timeoutMs = this.#options.client.operationTimeoutMs,
  ): Promise<BaseCommand> {
    const [name] = Object.keys(command) as (keyof BaseCommandInit)[];
    const body = command[name as keyof BaseCommandInit] as { requestId?: number; producerId?: number };
    const requestId = body.requestId ?? this.nextRequestId();
    if (this.#closed) return Promise.reject(this.#closed);
    const answer = this.#pending.add(requestId, `${name}`, timeoutMs);
    if (command.producer) this.#handlers.requested(requestId, command.producer.producerId);
    this.send(encodeCommandFrame({ [name as string]: { ...body, requestId } }));
    return answer;
  }

  answerTo(requestId: number, timeoutMs = this.#options.client.operationTimeoutMs): Promise<BaseCommand> {
    if (this.#closed) return Promise.reject(this.#closed);
    return this.#pending.add(requestId, `request ${requestId}`, timeoutMs);
  }

  tell(command: BaseCommandInit): boolean {
    return this.send(encodeCommandFrame(command));
  }

  send(bytes: Buffer | readonly Buffer[]): boolean {
    if (this.#closed) return false;
    const socket = this.#socket;
    // What one turn of the event loop sends leaves in one system call.
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    if (Buffer.isBuffer(bytes)) socket.write(bytes);
    else for (const each of bytes) socket.write(each);
    if (socket.writableLength >= this.#options.client.sendHighWaterBytes) this.#blocked = true;
    return !this.#blocked;
  }

  /** Sends PING and resolves at the next PONG. */
  roundTrip(timeoutMs: number): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (!this.#pongs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#pongs = { promise, resolve };
    }
    const pong = this.#pongs.promise;
    this.tell({ ping: {} });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new PulsarError('Timeout', `no PONG in ${timeoutMs} ms`)),
        timeoutMs,
      );
      const unregister = this.onClose((error) => finish(error));
      const finish = (error?: PulsarError) => {
        clearTimeout(timer);
        unregister();
        if (error) reject(error);
        else resolve();
      };
      pong.then(() => finish());
    });
  }

  onWritable(listener: () => void): () => void {
    this.#writableListeners.add(listener);
    return () => this.#writableListeners.delete(listener);
  }

  onClose(listener: (error: PulsarError) => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  registerProducer(producerId: number, handler: ProducerHandler): () => void {
    return this.#handlers.addProducer(producerId, handler);
  }

  registerConsumer(consumerId: number, handler: ConsumerHandler): () => void {
    return this.#handlers.addConsumer(consumerId, handler);
  }

  registerTopicListWatcher(watcherId: number, handler: TopicListHandler): () => void {
    return this.#handlers.addWatcher(watcherId, handler);
  }

  close(reason: string): void {
    this.#end(new PulsarError('Disconnected', reason));
  }

  #data(chunk: Buffer, isLent: boolean | undefined): void {
    this.#keepAlive.heard();
    if (this.#closed) return;
    this.#lent = isLent ? chunk.buffer : undefined;
    try {
      this.#decoder.push(chunk, this.#onFrame);
    } catch (error) {
      const fault = asPulsarError(error, 'MalformedFrame');
      const stack = error instanceof PulsarError ? undefined : (error as Error).stack;
      const fields = { event: 'pulsar-malformed', broker: this.broker.key, reason: fault.message, stack };
      this.#options.client.log.error(fields, 'a Pulsar connection is closed: what came could not be handled');
      this.#end(fault);
    }
  }

  #frame(frame: Buffer): void {
    if (this.#closed) return;
    const end = commandEnd(frame);
    const type = hotCommandType(frame, commandStart, end);
    if (type === HotCommand.sendReceipt) {
      this.#handlers.sendReceipt(this.#hot.sendReceipt(frame, commandStart, end, this.#receipt));
      return;
    }
    const owned = frame.buffer === this.#lent ? copied(frame) : frame;
    if (type === HotCommand.message) {
      this.#handlers.message(owned, this.#hot.message(owned, commandStart, end), end);
    } else {
      this.#command(decodeCommand(owned, commandStart, end));
    }
  }

  #command(command: BaseCommand): void {
    if (command.ping) this.tell({ pong: {} });
    else if (command.pong) {
      this.#pongs?.resolve();
      this.#pongs = undefined;
    } else if (command.authChallenge) this.#answerChallenge();
    else if (!this.#handlers.command(command)) this.#answer(command);
  }

  #answer(command: BaseCommand): void {
    const requestId = commandBody(command)?.requestId;
    if (typeof requestId !== 'number') return; // a command of a newer broker, or one for somebody just gone
    const fault = answerFault(command);
    if (!this.#pending.settle(requestId, command, fault))
      this.#handlers.lateAnswer(requestId, command, fault);
    else this.#handlers.answered(requestId, command);
  }

  #answerChallenge(): void {
    this.#challenged ??= challengeAnswer(this.#options.auth)
      .then(
        (answer) => void this.tell(answer),
        (error: unknown) => {
          // Without an answer the broker closes the connection at its next check: nothing else to do here.
          const fields = { event: 'pulsar-auth-challenge', broker: this.broker.key, reason: String(error) };
          this.#options.client.log.error(fields, 'no credentials to answer the broker with');
        },
      )
      .finally(() => {
        this.#challenged = undefined;
      });
  }

  #drained(): void {
    if (!this.#blocked || this.#closed) return;
    this.#blocked = false;
    for (const listener of [...this.#writableListeners]) listener();
  }

  #end(error: PulsarError): void {
    if (this.#closed) return;
    this.#closed =
      error.code === 'MalformedFrame'
        ? error
        : new PulsarError('Disconnected', error.message, { cause: error });
    this.#keepAlive.stop();
    // What was sent still goes out, but a peer that does not take it cannot keep the socket.
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), closeFlushTimeoutMs).unref();
    this.#pending.rejectAll(this.#closed);
    this.#handlers.disconnected(this.#closed);
    const listeners = [...this.#closeListeners];
    this.#closeListeners.clear();
    this.#writableListeners.clear();
    for (const listener of listeners) listener(this.#closed);
  }
}
