import type { Log, LogFields } from '#libs/telemetry';

/** Keeps what is logged at warn and error. */
export class RecordedLog implements Log {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];

  debug(): void {}
  info(): void {}

  warn(fields: LogFields, message: string): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(fields: LogFields, message: string): void {
    this.lines.push({ level: 'error', message, fields });
  }
}
