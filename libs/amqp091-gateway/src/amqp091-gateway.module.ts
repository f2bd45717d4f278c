import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Amqp091Protocol } from './amqp091.protocol.js';
import type { Amqp091Process } from './amqp091.services.js';

/** How Nest gets the services together: from providers of the importing module. */
export interface Amqp091GatewayModuleOptions {
  readonly imports?: DynamicModule['imports'];
  readonly inject: readonly (symbol | string | (abstract new (...args: never[]) => unknown))[];
  // biome-ignore lint/suspicious/noExplicitAny: Nest passes what `inject` names, which no type can follow
  readonly useFactory: (...injected: any[]) => Amqp091Process | Promise<Amqp091Process>;
}

/** Provides `Amqp091Protocol`, and closes it when the application ends. */
@Module({})
export class Amqp091GatewayModule implements OnApplicationShutdown {
  constructor(@Inject(Amqp091Protocol) private readonly protocol: Amqp091Protocol) {}

  static forRootAsync(options: Amqp091GatewayModuleOptions): DynamicModule {
    return {
      module: Amqp091GatewayModule,
      imports: options.imports ?? [],
      providers: [
        {
          provide: Amqp091Protocol,
          inject: [...options.inject],
          useFactory: async (...injected: unknown[]) =>
            new Amqp091Protocol(await options.useFactory(...injected)),
        },
      ],
      exports: [Amqp091Protocol],
    };
  }

  /** The listeners were drained before (`beforeApplicationShutdown`): nothing is in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.protocol.close();
  }
}
