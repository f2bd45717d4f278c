package io.pulsegate.oracle;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.Reader;

/**
 * Prints the messages of a topic from the earliest on, one reader and one thread per partition, in order within each.
 * With a count: until so many, or until nothing came for the timeout. With `all`: to the end.
 */
final class Read {
  private static final int QUEUE_MESSAGES = 10_000;

  private final Options options;
  private final long wanted;
  private final long timeoutMs;
  private final PrintStream out =
      new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16), false, StandardCharsets.UTF_8);
  private final AtomicLong read = new AtomicLong();

  private Read(Options options) {
    this.options = options;
    this.wanted = options.third().equals("all") ? Long.MAX_VALUE : Long.parseLong(options.third());
    this.timeoutMs = options.number("timeout-ms", 30_000);
  }

  static void run(Options options) throws Exception {
    new Read(options).run();
  }

  private void run() throws Exception {
    PulsarClient client = Main.client(options.serviceUrl());
    List<String> partitions = client.getPartitionsForTopic(options.topic()).get();
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (String partition : partitions) {
      Reader<byte[]> reader = client.newReader()
          .topic(partition)
          .startMessageId(MessageId.earliest)
          .readCompacted(options.flag("compacted"))
          .receiverQueueSize(QUEUE_MESSAGES)
          .create();
      int suffix = partition.lastIndexOf("-partition-");
      int number = suffix < 0 ? -1 : Integer.parseInt(partition.substring(suffix + "-partition-".length()));
      Thread thread = new Thread(() -> {
        try {
          print(reader, number);
          reader.close();
        } catch (Throwable error) {
          synchronized (failures) {
            failures.add(error);
          }
        }
      });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) thread.join();
    out.flush();
    if (!failures.isEmpty()) throw new IllegalStateException("reading failed", failures.get(0));
  }

  private void print(Reader<byte[]> reader, int partition) throws Exception {
    boolean all = wanted == Long.MAX_VALUE;
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    long deadline = System.nanoTime() + timeoutMs * 1_000_000;
    while (read.get() < wanted) {
      if (all && !reader.hasMessageAvailable()) return;
      Message<byte[]> message = reader.readNext(100, TimeUnit.MILLISECONDS);
      if (message == null) {
        if (System.nanoTime() > deadline) {
          if (all) throw new IllegalStateException("nothing came for " + timeoutMs + " ms before the end");
          return;
        }
        continue;
      }
      deadline = System.nanoTime() + timeoutMs * 1_000_000;
      if (read.incrementAndGet() > wanted) return;
      String line = line(message, partition, options.flag("digest") ? sha256 : null);
      synchronized (out) {
        out.println(line);
      }
    }
  }

  private static String line(Message<byte[]> message, int partition, MessageDigest digest) {
    byte[] value = message.getValue();
    Line line = new Line()
        .put("partition", partition)
        .put("messageId", message.getMessageId())
        .put("index", message.getIndex().orElse(null))
        .put("key", message.hasKey() ? message.getKey() : null)
        .put("keyBase64", message.hasKey() ? message.getKeyBytes() : null)
        .put("hasBase64EncodedKey", message.hasBase64EncodedKey())
        .put("orderingKey", message.hasOrderingKey() ? message.getOrderingKey() : null);
    if (digest == null) line.put("valueBase64", value);
    else line.put("valueSha256", value == null ? null : HexFormat.of().formatHex(digest.digest(value)));
    return line
        .put("valueBytes", value == null ? -1 : value.length)
        .put("eventTime", message.getEventTime())
        .put("publishTime", message.getPublishTime())
        .put("brokerPublishTime", message.getBrokerPublishTime().orElse(null))
        .put("properties", message.getProperties())
        .put("producerName", message.getProducerName())
        .put("sequenceId", message.getSequenceId())
        .put("schemaVersion", message.getSchemaVersion())
        .toString();
  }
}
