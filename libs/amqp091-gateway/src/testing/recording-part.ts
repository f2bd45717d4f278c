import type { Amqp091Command } from '#libs/amqp091-codec';
import type {
  ChannelMethodName,
  ChannelPart,
  ChannelPartKind,
  PartChannel,
} from '../channels/channel-part.js';

/** A part that a test steers: what it was given, and what comes of it. */
export class RecordingPart implements ChannelPart {
  readonly told: string[] = [];
  readonly commands: Amqp091Command[] = [];
  onNext: (command: Amqp091Command) => void | Promise<void> = () => {};
  drained: Promise<void> = Promise.resolve();

  constructor(readonly channel: PartChannel) {}

  onCommand(command: Amqp091Command): void | Promise<void> {
    this.commands.push(command);
    this.told.push(command.method.name);
    return this.onNext(command);
  }

  onWritable(): void {
    this.told.push('writable');
  }

  close(): void {
    this.told.push('closed');
  }

  drain(): Promise<void> {
    this.told.push('drain');
    return this.drained;
  }
}

/** Serves these, and keeps every part that was made. */
export function recordingParts(
  ...methods: readonly ChannelMethodName[]
): ChannelPartKind & { readonly made: RecordingPart[] } {
  const made: RecordingPart[] = [];
  return {
    ...{ made, methods },
    open: (channel) => {
      const part = new RecordingPart(channel);
      made.push(part);
      return part;
    },
  };
}
