package io.pulsegate.oracle;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.Reader;

/**
 * The native baseline of latency: messages at a rate, read back in the same process. One line: milliseconds from send to
 * receipt, and from send to receive.
 */
final class Latency {
  private final int warmup;
  private final long[] acknowledged;
  private final long[] received;
  private final CountDownLatch done;

  private Latency(int records, int warmup) {
    this.warmup = warmup;
    acknowledged = new long[records];
    received = new long[records];
    done = new CountDownLatch(2 * records);
  }

  static void run(Options options) throws Exception {
    int records = (int) options.number("records", 20_000);
    int warmup = (int) options.number("warmup", 10_000);
    new Latency(records, warmup).measure(options, records + warmup);
  }

  private void measure(Options options, int all) throws Exception {
    PulsarClient client = PulsarClient.builder().serviceUrl(options.serviceUrl()).build();
    Reader<byte[]> reader = client.newReader().topic(options.topic()).startMessageId(MessageId.earliest).create();
    Thread reading = new Thread(() -> read(reader));
    reading.setDaemon(true);
    reading.start();
    Producer<byte[]> producer = client.newProducer()
        .topic(options.topic())
        .enableBatching(true)
        .batchingMaxPublishDelay(options.number("batch-delay-ms", 1), TimeUnit.MILLISECONDS)
        .create();
    publish(producer, options, all);
    done.await();
    System.out.println(new Line().put("produceMs", summary(acknowledged)).put("endToEndMs", summary(received)));
  }

  private void publish(Producer<byte[]> producer, Options options, int all) {
    int size = (int) options.number("size", 1024);
    long rate = options.number("rate", 1000);
    long start = System.nanoTime();
    for (int i = 0; i < all; i++) {
      long due = start + i * 1_000_000_000L / rate;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
      int number = i - warmup;
      long sentAt = System.nanoTime();
      byte[] value = ByteBuffer.allocate(size).putInt(number).putLong(sentAt).array();
      producer.newMessage().value(value).sendAsync().whenComplete((id, error) -> {
        if (error != null) fail(error);
        if (number < 0) return;
        acknowledged[number] = System.nanoTime() - sentAt;
        done.countDown();
      });
    }
  }

  private void read(Reader<byte[]> reader) {
    try {
      while (true) {
        ByteBuffer fields = ByteBuffer.wrap(reader.readNext().getValue());
        long now = System.nanoTime();
        int number = fields.getInt();
        if (number < 0) continue;
        received[number] = now - fields.getLong();
        done.countDown();
      }
    } catch (Exception error) {
      fail(error);
    }
  }

  private static void fail(Throwable error) {
    System.err.println(error);
    Runtime.getRuntime().halt(1);
  }

  private static Line summary(long[] nanos) {
    Arrays.sort(nanos);
    return new Line().put("p50", nanos[nanos.length / 2] / 1e6).put("p99", nanos[nanos.length * 99 / 100] / 1e6);
  }
}
