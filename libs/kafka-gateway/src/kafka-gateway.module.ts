import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { KafkaProtocol, type KafkaServices } from './kafka.protocol.js';

/** How Nest gets the services together: from providers of the importing module. */
export interface KafkaGatewayModuleOptions {
  readonly imports?: DynamicModule['imports'];
  readonly inject: readonly (symbol | string | (abstract new (...args: never[]) => unknown))[];
  // biome-ignore lint/suspicious/noExplicitAny: Nest passes what `inject` names, which no type can follow
  readonly useFactory: (...injected: any[]) => KafkaServices | Promise<KafkaServices>;
}

/** Provides `KafkaProtocol`, and closes it when the application ends. */
@Module({})
export class KafkaGatewayModule implements OnApplicationShutdown {
  constructor(@Inject(KafkaProtocol) private readonly protocol: KafkaProtocol) {}

  static forRootAsync(options: KafkaGatewayModuleOptions): DynamicModule {
    return {
      module: KafkaGatewayModule,
      imports: options.imports ?? [],
      providers: [
        {
          provide: KafkaProtocol,
          inject: [...options.inject],
          useFactory: async (...injected: unknown[]) =>
            new KafkaProtocol(await options.useFactory(...injected)),
        },
      ],
      exports: [KafkaProtocol],
    };
  }

  /** The listeners were drained before (`beforeApplicationShutdown`): nothing is in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.protocol.close();
  }
}
