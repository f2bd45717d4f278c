import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { AmqpProtocol } from './amqp.protocol.js';
import type { AmqpProcess } from './amqp.services.js';

/** How Nest gets the services together: from providers of the importing module. */
export interface AmqpGatewayModuleOptions {
  readonly imports?: DynamicModule['imports'];
  readonly inject: readonly (symbol | string | (abstract new (...args: never[]) => unknown))[];
  // biome-ignore lint/suspicious/noExplicitAny: Nest passes what `inject` names, which no type can follow
  readonly useFactory: (...injected: any[]) => AmqpProcess | Promise<AmqpProcess>;
}

/** Provides `AmqpProtocol`, and closes it when the application ends. */
@Module({})
export class AmqpGatewayModule implements OnApplicationShutdown {
  constructor(@Inject(AmqpProtocol) private readonly protocol: AmqpProtocol) {}

  static forRootAsync(options: AmqpGatewayModuleOptions): DynamicModule {
    return {
      module: AmqpGatewayModule,
      imports: options.imports ?? [],
      providers: [
        {
          provide: AmqpProtocol,
          inject: [...options.inject],
          useFactory: async (...injected: unknown[]) =>
            new AmqpProtocol(await options.useFactory(...injected)),
        },
      ],
      exports: [AmqpProtocol],
    };
  }

  /** The listeners were drained before (`beforeApplicationShutdown`): nothing is in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.protocol.close();
  }
}
