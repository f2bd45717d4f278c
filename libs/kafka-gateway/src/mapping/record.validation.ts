import type { Buffer } from 'node:buffer';
import {
  KafkaDecodeError,
  KafkaErrorCode,
  type RecordSet,
  splitRecordSets,
  validateProducedBatch,
  verifyBatchCrc,
} from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaTopicConfig } from './topic-config.mapping.js';

/** From this Produce version on: exactly one batch, of magic 2. */
const produceVersionOfMagic2 = 3;
/** KIP-110. */
const produceVersionOfZstd = 7;
const zstd = 4;

/** A record that made its batch be refused; `batchIndex` counts records. */
export interface RecordFault {
  readonly batchIndex: number;
  readonly message: string;
}

/** Faults named in one answer; the batch is refused for all of them. */
export const recordFaultsMax = 100;

/** The batch is refused because of some of its records: Produce v8 and later name them (KIP-467). */
export class RecordsRefused extends KafkaError {
  constructor(
    code: number,
    readonly faults: readonly RecordFault[],
    count: number,
  ) {
    super(code, `${count} of the records are refused; the first: ${faults[0]?.message ?? ''}`);
  }
}

/**
 * What a broker checks before it reads the records, in the order of Kafka's ProduceRequest.validateRecords,
 * UnifiedLog.analyzeAndValidateRecords and LogValidator.validateBatch.
 *
 * @returns one batch of magic 2, or the old message sets that Produce 0 to 2 may carry; empty when there is none
 * @throws KafkaError
 */
export function validateRecords(
  records: Buffer | null,
  produceVersion: number,
  config: KafkaTopicConfig,
): RecordSet[] {
  const sets = records === null ? [] : split(records);
  checkVersion(sets, produceVersion);
  let bytes = 0;
  for (const set of sets) {
    if (set.magic === 2 && set.baseOffset !== 0n) throw invalid(`base offset ${set.baseOffset} instead of 0`);
    bytes += set.bytes.length;
  }
  if (bytes > config.messageBytesMax) {
    throw new KafkaError(
      KafkaErrorCode.MESSAGE_TOO_LARGE,
      `a batch of ${bytes} bytes, max.message.bytes is ${config.messageBytesMax}`,
    );
  }
  for (const set of sets) {
    // Old messages have a checksum each, which is verified when they are read.
    if (set.magic !== 2) continue;
    if (!verifyBatchCrc(set)) throw new KafkaError(KafkaErrorCode.CORRUPT_MESSAGE, 'the checksum is wrong');
    if (set.transactional) {
      throw new KafkaError(KafkaErrorCode.INVALID_TXN_STATE, 'transactions are not served');
    }
    if (set.timestampType === 'append' && config.timestampType === 'create') {
      throw new KafkaError(KafkaErrorCode.INVALID_TIMESTAMP, 'a producer cannot give log append time');
    }
    asKafkaError(() => validateProducedBatch(set));
  }
  return sets;
}

function checkVersion(sets: readonly RecordSet[], produceVersion: number): void {
  const [first] = sets;
  if (produceVersion >= produceVersionOfMagic2) {
    if (sets.length !== 1 || first?.magic !== 2) {
      throw invalid(`Produce v${produceVersion} carries exactly one record batch of magic 2`);
    }
    if (first.compression === zstd && produceVersion < produceVersionOfZstd) {
      throw new KafkaError(
        KafkaErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
        `zstd needs Produce v${produceVersionOfZstd}, this is v${produceVersion}`,
      );
    }
  } else if (sets.some((set) => set.magic === 2)) {
    throw invalid(`Produce v${produceVersion} carries messages of magic 0 and 1`);
  }
}

function split(records: Buffer): RecordSet[] {
  try {
    return splitRecordSets(records);
  } catch (error) {
    if (!(error instanceof KafkaDecodeError)) throw error;
    const code =
      error.code === 'records-invalid' ? KafkaErrorCode.INVALID_RECORD : KafkaErrorCode.CORRUPT_MESSAGE;
    throw new KafkaError(code, error.message);
  }
}

const codeOfDecodeError: Readonly<Record<string, number>> = {
  'records-corrupt': KafkaErrorCode.CORRUPT_MESSAGE,
  'records-too-large': KafkaErrorCode.MESSAGE_TOO_LARGE,
  'records-unsupported': KafkaErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
};

/** Runs what reads a client's records; what it finds wrong with them is thrown with Kafka's code. */
export function asKafkaError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KafkaDecodeError)) throw error;
    throw new KafkaError(codeOfDecodeError[error.code] ?? KafkaErrorCode.INVALID_RECORD, error.message);
  }
}

export function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_RECORD, message);
}
