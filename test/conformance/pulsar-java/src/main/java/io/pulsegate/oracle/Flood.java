package io.pulsegate.oracle;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.ProducerBuilder;
import org.apache.pulsar.client.api.PulsarClient;

/**
 * Publishes at a rate, to write between the gateway's messages, until its standard input ends or `--count` is reached.
 * Values are "flood-<number>" padded with dots. Prints `{"started":true}` after the first receipt, at the end the sums.
 */
final class Flood {
  static void run(Options options) throws Exception {
    long rate = options.number("rate", 100);
    int size = (int) options.number("size", 100);
    int batch = (int) options.number("batch", 1);
    long count = options.number("count", Long.MAX_VALUE);
    AtomicBoolean ended = new AtomicBoolean();
    Thread input = new Thread(() -> {
      try {
        System.in.transferTo(OutputStream.nullOutputStream());
      } catch (IOException ignored) {
        // The end, too.
      }
      ended.set(true);
    });
    input.setDaemon(true);
    input.start();

    PulsarClient client = PulsarClient.builder().serviceUrl(options.serviceUrl()).build();
    ProducerBuilder<byte[]> builder = client.newProducer()
        .topic(options.topic())
        .enableBatching(batch > 1)
        .batchingMaxMessages(Math.max(batch, 2))
        .batchingMaxPublishDelay(1, TimeUnit.MINUTES)
        .blockIfQueueFull(true);
    String name = options.text("name", null);
    if (name != null) builder.producerName(name);
    Producer<byte[]> producer = builder.create();
    AtomicLong stored = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    long sent = 0;
    long start = System.nanoTime();
    while (!ended.get() && sent < count) {
      for (int i = 0; i < batch && sent < count; i++, sent++) {
        producer.sendAsync(value(sent, size)).whenComplete((id, error) -> {
          if (error != null) failed.incrementAndGet();
          else if (stored.incrementAndGet() == 1) System.out.println(new Line().put("started", true));
        });
      }
      if (batch > 1) producer.flushAsync();
      if (rate <= 0) continue;
      long due = start + sent * 1_000_000_000L / rate;
      for (long now = System.nanoTime(); now < due && !ended.get(); now = System.nanoTime()) {
        LockSupport.parkNanos(Math.min(due - now, 10_000_000));
      }
    }
    producer.flush();
    producer.close();
    System.out.println(new Line().put("sent", sent).put("stored", stored.get()).put("failed", failed.get()));
  }

  private static byte[] value(long number, int size) {
    byte[] prefix = ("flood-" + number).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] value = Arrays.copyOf(prefix, Math.max(size, prefix.length));
    Arrays.fill(value, prefix.length, value.length, (byte) '.');
    return value;
  }

  private Flood() {}
}
