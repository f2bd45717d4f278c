import { Body, Controller, HttpStatus, Inject, Ip, Put, Res } from '@nestjs/common';
import { ConfigError } from '../config-file.js';
import { ConfigReload, ReloadUnderWay } from '../reload/config-reload.service.js';

interface Reply {
  status(code: number): Reply;
  send(body: unknown): void;
}

/** Takes up a whole configuration, as a file that changes does. The server has looked at who asks. */
@Controller('api/config')
export class ConfigController {
  constructor(@Inject(ConfigReload) private readonly config: ConfigReload) {}

  @Put()
  async put(@Body() body: unknown, @Ip() address: string, @Res() reply: Reply): Promise<void> {
    const text = typeof body === 'string' ? body : '';
    try {
      reply.status(HttpStatus.OK).send(await this.config.reload(() => text, 'request', 'http', address));
    } catch (error) {
      if (error instanceof ConfigError) {
        reply
          .status(HttpStatus.BAD_REQUEST)
          .send({ status: 400, error: 'Bad Request', faults: error.faults });
      } else if (error instanceof ReloadUnderWay) {
        reply.status(HttpStatus.CONFLICT).send({ status: 409, error: error.message });
      } else {
        throw error;
      }
    }
  }
}
