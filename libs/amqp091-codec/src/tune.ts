import { Amqp091Error } from './amqp091-codec.errors.js';
import { FRAME_BYTES_MIN } from './frame.js';
import { methodReference } from './method-codec.js';

/** Fields of connection.tune and tune-ok (section 1.4.2.5 and 1.4.2.6). */
export interface TuneParameters {
  /** Highest channel number; 0: no limit but that of 16 bits. */
  readonly channelMax: number;
  /** Largest frame with its eight octets; 0: no limit. */
  readonly frameMax: number;
  /** Seconds; 0: none. */
  readonly heartbeat: number;
}

const CHANNEL_MAX_MIN = 1;

/**
 * What holds after tune-ok: the client's numbers, which may be lower than ours, never higher, and "no limit" is higher than
 * any. The heartbeat is the client's to choose, as in RabbitMQ.
 *
 * @throws Amqp091Error 530 `not-allowed`, RabbitMQ's answer
 */
export function negotiateTune(offered: TuneParameters, answered: TuneParameters): TuneParameters {
  checkAnswer('frame_max', FRAME_BYTES_MIN, offered.frameMax, answered.frameMax);
  checkAnswer('channel_max', CHANNEL_MAX_MIN, offered.channelMax, answered.channelMax);
  const { channelMax, frameMax, heartbeat } = answered;
  return { channelMax: channelMax === 0 ? 0xffff : channelMax, frameMax, heartbeat };
}

function checkAnswer(name: string, min: number, offered: number, answered: number): void {
  const isTooHigh = offered !== 0 && (answered === 0 || answered > offered);
  const isTooLow = answered !== 0 && answered < min;
  if (!isTooHigh && !isTooLow) return;
  const [word, limit, kind] = isTooLow ? ['lower', min, 'minimum'] : ['higher', offered, 'maximum'];
  const fault = `negotiated ${name} = ${answered} is ${word} than the ${kind} allowed value (${limit})`;
  throw new Amqp091Error('not-allowed', fault, methodReference('connection.tune-ok'));
}
