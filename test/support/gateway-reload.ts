// Other configurations for a gateway that runs: by its file, and by the admin HTTP.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { TestGateway, TestTenant } from './gateway.js';

export interface TestConfig {
  tenants: TestTenant[];
  // biome-ignore lint/suspicious/noExplicitAny: sections of any shape, right or wrong
  [section: string]: any;
}

/** What the gateway answered to another configuration. */
export interface ReloadAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the test says
  readonly body: any;
}

/** What a gateway is to be; changes are kept until the next. */
export class GatewayReload {
  readonly config: TestConfig;

  constructor(
    private readonly gateway: TestGateway,
    private readonly token = '',
  ) {
    this.config = JSON.parse(readFileSync(gateway.configFile, 'utf8')) as TestConfig;
  }

  tenant(name: string): Record<string, unknown> {
    return this.config.tenants.find((each) => each.name === name)!;
  }

  remove(name: string): void {
    this.config.tenants = this.config.tenants.filter((each) => each.name !== name);
  }

  /** A file in the place of the former one, as editors and Kubernetes do it. */
  write(text = JSON.stringify(this.config, undefined, 2)): void {
    const { configFile } = this.gateway;
    writeFileSync(`${configFile}.new`, text);
    renameSync(`${configFile}.new`, configFile);
  }

  async put(
    body: string = JSON.stringify(this.config, undefined, 2),
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${this.token}` },
  ): Promise<ReloadAnswer> {
    const response = await fetch(`${this.gateway.adminUrl}/api/config`, { method: 'PUT', body, headers });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Lines of the log with this event. */
  events(event: string): readonly Record<string, unknown>[] {
    return this.gateway
      .log()
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
