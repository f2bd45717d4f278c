import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';

/** About what one answer about groups may say of their members. A group alone is far smaller. */
const answerBytesMax = 32 * 1024 * 1024;

/** The room in one answer that describes groups: a short request may name many large ones. */
export class AnswerRoom {
  #left: number;

  constructor(bytesMax = answerBytesMax) {
    this.#left = bytesMax;
  }

  /** @throws KafkaError INVALID_REQUEST: the client is to ask for fewer groups at once */
  take(bytes: number): void {
    if (bytes > this.#left) {
      throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, 'the answer would be too large for one request');
    }
    this.#left -= bytes;
  }
}
