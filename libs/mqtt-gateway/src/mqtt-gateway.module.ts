import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { MqttProtocol } from './mqtt.protocol.js';
import type { MqttProcess } from './mqtt.services.js';

/** How Nest gets the services together: from providers of the importing module. */
export interface MqttGatewayModuleOptions {
  readonly imports?: DynamicModule['imports'];
  readonly inject: readonly (symbol | string | (abstract new (...args: never[]) => unknown))[];
  // biome-ignore lint/suspicious/noExplicitAny: Nest passes what `inject` names, which no type can follow
  readonly useFactory: (...injected: any[]) => MqttProcess | Promise<MqttProcess>;
}

/** Provides `MqttProtocol`, and closes it when the application ends. */
@Module({})
export class MqttGatewayModule implements OnApplicationShutdown {
  constructor(@Inject(MqttProtocol) private readonly protocol: MqttProtocol) {}

  static forRootAsync(options: MqttGatewayModuleOptions): DynamicModule {
    return {
      module: MqttGatewayModule,
      imports: options.imports ?? [],
      providers: [
        {
          provide: MqttProtocol,
          inject: [...options.inject],
          useFactory: async (...injected: unknown[]) =>
            new MqttProtocol(await options.useFactory(...injected)),
        },
      ],
      exports: [MqttProtocol],
    };
  }

  /** The listeners were drained before (`beforeApplicationShutdown`): nothing is in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.protocol.close();
  }
}
