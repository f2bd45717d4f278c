import type { Socket } from 'node:net';
import { asPulsarError, PulsarError, serverError } from './pulsar.errors.js';
import { decodeCommand, encodeCommandFrame } from './wire/command-codec.js';
import type { BaseCommand, BaseCommandInit } from './wire/commands.js';
import { commandEnd, commandStart, type FrameDecoder } from './wire/frame-decoder.js';

/** v21 of PulsarApi.proto: Pulsar 2.11 to 5.0. */
export const protocolVersion = 21;
export const clientVersion = 'pulsegate-0.1';

/** FeatureFlags 1 to 5; those of the replicator and of scalable topics are not for clients like this one. */
export const featureFlags = {
  supportsAuthRefresh: true,
  supportsBrokerEntryMetadata: true,
  supportsPartialProducer: true,
  supportsTopicWatchers: true,
  supportsGetPartitionedMetadataWithoutAutoCreation: true,
} as const;

/**
 * Sends CONNECT and waits for CONNECTED; `onChallenge` answers an AUTH_CHALLENGE that comes first (mechanisms of
 * several steps). Rejects with the broker's error, or 'ConnectFailed'. What follows CONNECTED in the same read stays
 * in the socket: nothing follows before this side asks.
 */
export function shakeHands(
  socket: Socket,
  decoder: FrameDecoder,
  connect: NonNullable<BaseCommandInit['connect']>,
  onChallenge: () => Promise<BaseCommandInit>,
  signal: AbortSignal,
): Promise<NonNullable<BaseCommand['connected']>> {
  const { promise, resolve, reject } = Promise.withResolvers<NonNullable<BaseCommand['connected']>>();
  const fail = (error: unknown) => {
    socket.destroy();
    reject(asPulsarError(error, 'ConnectFailed'));
  };
  const onCommand = (command: BaseCommand) => {
    if (command.connected) resolve(command.connected);
    else if (command.error) fail(serverError(command.error.error, command.error.message));
    else if (command.ping) socket.write(encodeCommandFrame({ pong: {} }));
    else if (command.authChallenge) {
      onChallenge().then((answer) => socket.write(encodeCommandFrame(answer)), fail);
    } else fail(new PulsarError('MalformedFrame', `command ${command.type} before CONNECTED`));
  };
  const onData = (chunk: Buffer) => {
    try {
      decoder.push(chunk, (frame) => onCommand(decodeCommand(frame, commandStart, commandEnd(frame))));
    } catch (error) {
      fail(error);
    }
  };
  const onClose = () => fail(new PulsarError('ConnectFailed', 'closed by the broker before CONNECTED'));
  const onAbort = () => fail(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('data', onData);
  socket.once('close', onClose);
  socket.write(encodeCommandFrame({ connect }));
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort);
    socket.off('data', onData);
    socket.off('close', onClose);
  });
}
