package io.pulsegate.oracle;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.CompressionType;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.ProducerBuilder;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.Schema;
import org.apache.pulsar.client.api.TypedMessageBuilder;

/** Publishes what a file says, one producer after the other, and prints the id of each message in the file's order. */
final class Write {
  /** The file is an array of these: a producer each. Absent fields keep the client's defaults. */
  static final class Spec {
    /** Where the command line's topic is not meant. */
    String topic;
    String name;
    boolean batching = true;
    int batchMessages = 1000;
    int batchBytes = 128 * 1024;
    /** Batches are cut by their size alone. */
    long batchDelayMs = 60_000;
    String compression = "NONE";
    boolean chunking;
    int chunkBytes = -1;
    /** BYTES, STRING, INT64, JSON or AVRO; the last two are of the record Reading. */
    String schema = "BYTES";
    List<Item> messages = new ArrayList<>();
  }

  static final class Item {
    String key;
    String keyBase64;
    String orderingKeyBase64;
    String value;
    String valueBase64;
    JsonObject valueObject;
    /** So many bytes of a pattern instead of a value: byte i is (seed + i * 7 + i / 256) mod 256. */
    int valueBytes = -1;
    int seed;
    boolean nullValue;
    long eventTime = -1;
    long sequenceId = -1;
    long deliverAfterMs = -1;
    Map<String, String> properties = new HashMap<>();
    /** So many of the same. */
    int count = 1;
    /** Ends the batch after this message. */
    boolean flush;
  }

  /** The record of the JSON and AVRO schemas. */
  public static final class Reading {
    public String sensor;
    public double celsius;
    public Integer sequence;
  }

  static void run(Options options) throws Exception {
    PulsarClient client = Main.client(options.serviceUrl());
    for (Spec spec : new Gson().fromJson(Files.readString(Path.of(options.third())), Spec[].class)) {
      if (spec.topic == null) spec.topic = options.topic();
      switch (spec.schema) {
        case "BYTES" -> publish(client, spec, Schema.BYTES, Write::bytes);
        case "STRING" -> publish(client, spec, Schema.STRING, item -> item.value);
        case "INT64" -> publish(client, spec, Schema.INT64, item -> Long.valueOf(item.value));
        case "JSON" -> publish(client, spec, Schema.JSON(Reading.class), Write::reading);
        case "AVRO" -> publish(client, spec, Schema.AVRO(Reading.class), Write::reading);
        default -> throw new IllegalArgumentException("schema " + spec.schema);
      }
    }
  }

  private interface ValueOf<T> {
    T of(Item item);
  }

  private static <T> void publish(PulsarClient client, Spec spec, Schema<T> schema, ValueOf<T> valueOf) throws Exception {
    ProducerBuilder<T> builder = client.newProducer(schema)
        .topic(spec.topic)
        .compressionType(CompressionType.valueOf(spec.compression))
        .enableBatching(spec.batching)
        .batchingMaxMessages(spec.batchMessages)
        .batchingMaxBytes(spec.batchBytes)
        .batchingMaxPublishDelay(spec.batchDelayMs, TimeUnit.MILLISECONDS)
        .enableChunking(spec.chunking)
        .blockIfQueueFull(true);
    if (spec.chunkBytes > 0) builder.chunkMaxMessageSize(spec.chunkBytes);
    if (spec.name != null) builder.producerName(spec.name);
    Producer<T> producer = builder.create();
    List<CompletableFuture<MessageId>> sent = new ArrayList<>();
    for (Item item : spec.messages) {
      for (int i = 0; i < item.count; i++) sent.add(message(producer, item, valueOf).sendAsync());
      if (item.flush) producer.flush();
    }
    producer.flush();
    StringBuilder lines = new StringBuilder();
    for (CompletableFuture<MessageId> one : sent) {
      lines.append(new Line().put("messageId", one.get(60, TimeUnit.SECONDS))).append('\n');
    }
    System.out.print(lines);
    producer.close();
  }

  private static <T> TypedMessageBuilder<T> message(Producer<T> producer, Item item, ValueOf<T> valueOf) {
    TypedMessageBuilder<T> message = producer.newMessage().properties(item.properties);
    if (item.key != null) message.key(item.key);
    if (item.keyBase64 != null) message.keyBytes(Base64.getDecoder().decode(item.keyBase64));
    if (item.orderingKeyBase64 != null) message.orderingKey(Base64.getDecoder().decode(item.orderingKeyBase64));
    if (item.eventTime >= 0) message.eventTime(item.eventTime);
    if (item.sequenceId >= 0) message.sequenceId(item.sequenceId);
    if (item.deliverAfterMs >= 0) message.deliverAfter(item.deliverAfterMs, TimeUnit.MILLISECONDS);
    return message.value(item.nullValue ? null : valueOf.of(item));
  }

  private static byte[] bytes(Item item) {
    if (item.valueBase64 != null) return Base64.getDecoder().decode(item.valueBase64);
    if (item.valueBytes < 0) return item.value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] value = new byte[item.valueBytes];
    for (int i = 0; i < value.length; i++) value[i] = (byte) (item.seed + i * 7 + i / 256);
    return value;
  }

  private static Reading reading(Item item) {
    return new Gson().fromJson(item.valueObject, Reading.class);
  }

  private Write() {}
}
