import { connect, type Socket } from 'node:net';
import protobuf from 'protobufjs';
import { parseServiceUrl } from '#libs/pulsar';

/** What the gateway's own client does not speak: a Pulsar transaction, command by command (pulsar.md 4). */
const proto = `
syntax = "proto2";
message Connect { required string client_version = 1; optional int32 protocol_version = 4; }
message Request { required uint64 request_id = 1; required uint64 tc_id = 2; }
message NewTxn { required uint64 request_id = 1; optional uint64 txn_ttl = 2; optional uint64 tc_id = 3; }
message Txn {
  required uint64 request_id = 1; optional uint64 least = 2; optional uint64 most = 3; repeated string partitions = 4;
}
message EndTxn {
  required uint64 request_id = 1; optional uint64 least = 2; optional uint64 most = 3; required int32 action = 4;
}
message Answer { required uint64 request_id = 1; optional uint64 least = 2; optional uint64 most = 3; optional int32 error = 4; }
message Lookup { required string topic = 1; required uint64 request_id = 2; }
message LookupAnswer { required uint64 request_id = 4; }
message Producer { required string topic = 1; required uint64 producer_id = 2; required uint64 request_id = 3; required bool txn_enabled = 12; }
message ProducerAnswer { required uint64 request_id = 1; required string producer_name = 2; }
message Send {
  required uint64 producer_id = 1; required uint64 sequence_id = 2; required int32 num_messages = 3;
  required uint64 least = 4; required uint64 most = 5;
}
message Receipt { required uint64 producer_id = 1; required uint64 sequence_id = 2; required MessageId message_id = 3; }
message MessageId { required uint64 ledger_id = 1; required uint64 entry_id = 2; }
message Fault { required uint64 request_id = 1; required int32 error = 2; required string message = 3; }
message Empty { }
message Command {
  required int32 type = 1; optional Connect connect = 2; optional Empty connected = 3; optional Producer producer = 5;
  optional Send send = 6; optional Receipt receipt = 7; optional Fault fault = 14; optional ProducerAnswer producer_answer = 17;
  optional Lookup lookup = 23; optional LookupAnswer lookup_answer = 24; optional NewTxn new_txn = 50;
  optional Answer new_txn_answer = 51; optional Txn add_partition = 52; optional Answer add_partition_answer = 53;
  optional EndTxn end_txn = 56; optional Answer end_txn_answer = 57; optional Request tc_connect = 62;
  optional Answer tc_connect_answer = 63;
}
message Metadata {
  required string producer_name = 1; required uint64 sequence_id = 2; required uint64 publish_time = 3;
  optional int32 num_messages_in_batch = 11; optional uint64 least = 22; optional uint64 most = 23;
}
message SingleMetadata { required int32 payload_size = 3; }
`;
const { root } = protobuf.parse(proto);
const commandType = root.lookupType('Command');
const metadataType = root.lookupType('Metadata');
const singleType = root.lookupType('SingleMetadata');

type Fields = Record<string, unknown>;

function encode(type: protobuf.Type, value: object): Buffer {
  return Buffer.from(type.encode(value as never).finish());
}

function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** One transaction with one producer on one topic, on a connection of its own. */
export class RawTransaction {
  readonly #socket: Socket;
  #read = Buffer.alloc(0);
  #waiting: ((command: Fields) => void)[] = [];
  #least = 0;
  #most = 0;
  #producerName = '';
  #sequenceId = 0;

  static async begin(serviceUrl: string, topic: string): Promise<RawTransaction> {
    const [host] = parseServiceUrl(serviceUrl).hosts;
    const transaction = new RawTransaction(connect(host?.port ?? 0, host?.host));
    await transaction.#open(topic);
    return transaction;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#read = Buffer.concat([this.#read, chunk]);
      while (this.#read.length >= 4 && this.#read.length >= 4 + this.#read.readUInt32BE(0)) {
        const end = 4 + this.#read.readUInt32BE(0);
        const command = commandType.decode(this.#read.subarray(8, 8 + this.#read.readUInt32BE(4)));
        this.#read = this.#read.subarray(end);
        const fields = commandType.toObject(command, { longs: Number }) as Fields;
        if (fields.type === 14) throw new Error(JSON.stringify(fields));
        this.#waiting.shift()?.(fields);
      }
    });
  }

  /** Publishes a batch in the transaction, in one entry. */
  async send(values: readonly string[]): Promise<{ ledgerId: number; entryId: number }> {
    const sequenceId = this.#sequenceId++;
    const bits = { least: this.#least, most: this.#most };
    const metadata = {
      producerName: this.#producerName,
      sequenceId,
      publishTime: Date.now(),
      numMessagesInBatch: values.length,
      ...bits,
    };
    const payload = values.map((value) =>
      Buffer.concat([sized(encode(singleType, { payloadSize: value.length })), Buffer.from(value)]),
    );
    const entry = Buffer.concat([sized(encode(metadataType, metadata)), ...payload]);
    const send = { producerId: 1, sequenceId, numMessages: values.length, ...bits };
    const answer = await this.#ask({ type: 6, send }, entry);
    const { messageId } = answer.receipt as { messageId: { ledgerId: number; entryId: number } };
    return messageId;
  }

  async commit(): Promise<void> {
    await this.#ask({ type: 56, endTxn: { requestId: 9, least: this.#least, most: this.#most, action: 0 } });
    this.#socket.destroy();
  }

  async #open(topic: string): Promise<void> {
    const coordinator = 'persistent://pulsar/system/transaction_coordinator_assign-partition-0';
    await this.#ask({ type: 2, connect: { clientVersion: 'raw', protocolVersion: 21 } });
    await this.#ask({ type: 23, lookup: { topic: coordinator, requestId: 1 } });
    await this.#ask({ type: 62, tcConnect: { requestId: 2, tcId: 0 } });
    const begun = await this.#ask({ type: 50, newTxn: { requestId: 3, txnTtl: 60_000, tcId: 0 } });
    const { least = 0, most = 0 } = begun.newTxnAnswer as { least?: number; most?: number };
    this.#least = least;
    this.#most = most;
    await this.#ask({ type: 23, lookup: { topic, requestId: 4 } });
    const opened = await this.#ask({
      type: 5,
      producer: { topic, producerId: 1, requestId: 5, txnEnabled: true },
    });
    this.#producerName = (opened.producerAnswer as { producerName: string }).producerName;
    await this.#ask({ type: 52, addPartition: { requestId: 6, least, most, partitions: [topic] } });
  }

  #ask(command: object, entry: Buffer = Buffer.alloc(0)): Promise<Fields> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(sized(Buffer.concat([sized(encode(commandType, command)), entry])));
    });
  }
}
