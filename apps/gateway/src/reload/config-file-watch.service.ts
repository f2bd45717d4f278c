import { type Stats, statSync } from 'node:fs';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { readText } from '../config-file.js';
import type { GatewayConfig } from '../gateway.config.js';
import { CONFIG_FILE, GATEWAY_CONFIG } from '../gateway.tokens.js';
import { ConfigReload, ReloadUnderWay, type ReloadTrigger } from './config-reload.service.js';

const lookMs = 400;

/**
 * Reads the configuration file again when it has changed, and when the process is sent SIGHUP. A change is taken up when the
 * file has stayed as it is from one look to the next: half of one may say that half of the tenants are gone.
 */
@Injectable()
export class ConfigFileWatch implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  /** What was taken up, or refused. */
  private seen: string;
  /** At the last look. */
  private found = '';
  private asked: ReloadTrigger | undefined;
  private reading = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly onSignal = () => {
    this.asked = 'signal';
    if (this.timer !== undefined) void this.look();
  };

  constructor(
    @Inject(CONFIG_FILE) private readonly file: string | undefined,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(ConfigReload) private readonly reload: ConfigReload,
  ) {
    // What is written while the gateway starts is taken up after it.
    this.seen = this.version();
    // Before it is up, and while it stops, the signal would end the process.
    if (file !== undefined) process.on('SIGHUP', this.onSignal);
  }

  onApplicationBootstrap(): void {
    if (this.file === undefined) return;
    this.timer = setInterval(() => void this.look(), lookMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  onApplicationShutdown(): void {
    process.removeListener('SIGHUP', this.onSignal);
  }

  /** Takes up the file if it changed or somebody asked; a file that is being written changes again. */
  async look(): Promise<void> {
    if (this.reading || this.file === undefined) return;
    const version = this.version();
    const isSettled = version === this.found;
    this.found = version;
    const isOther = this.config.reload.onFileChange && isSettled && version !== this.seen;
    const trigger = this.asked ?? (isOther ? 'file' : undefined);
    if (trigger === undefined) return;
    const { file } = this;
    this.reading = true;
    this.asked = undefined;
    try {
      await this.reload.reload(() => readText(file), file, trigger);
      this.seen = version;
    } catch (error) {
      // Else it has been told; a refused file is not tried again until it is another.
      if (error instanceof ReloadUnderWay) this.asked ??= trigger;
      else this.seen = version;
    } finally {
      this.reading = false;
    }
  }

  /** A file that is written in place and one that is put in its place both become another version. */
  private version(): string {
    if (this.file === undefined) return '';
    let stats: Stats;
    try {
      stats = statSync(this.file);
    } catch (error) {
      return `absent ${(error as NodeJS.ErrnoException).code}`;
    }
    return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
  }
}
