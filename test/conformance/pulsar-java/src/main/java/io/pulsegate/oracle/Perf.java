package io.pulsegate.oracle;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.pulsar.client.api.CompressionType;
import org.apache.pulsar.client.api.MessageRoutingMode;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.SizeUnit;

/**
 * The native baseline: how fast the official client publishes, and how long a receipt takes. After the warm-up each run
 * is timed from its first send to its last receipt; latency is from send to receipt. One line per run.
 */
final class Perf {
  /** Bytes outstanding, as Kafka's producer has by default (buffer.memory). */
  private static final long PENDING_BYTES_MAX = 32L << 20;

  private final int size;
  private final long rate;
  private final byte[] value;
  private final Semaphore pending;
  private final AtomicLong failed = new AtomicLong();
  private Producer<byte[]> producer;

  private Perf(Options options) {
    size = (int) options.number("size", 1024);
    rate = options.number("rate", 0);
    value = new byte[size];
    Random random = new Random(1);
    for (int i = 0; i < size; i++) value[i] = (byte) ('A' + random.nextInt(26));
    pending = new Semaphore((int) Math.max(1, PENDING_BYTES_MAX / Math.max(1, size)));
  }

  static void run(Options options) throws Exception {
    int partitions = (int) options.number("partitions", 0);
    if (partitions > 0) createTopic(options.text("admin-url", "http://127.0.0.1:8080"), options.topic(), partitions);
    new Perf(options).measure(options);
  }

  private void measure(Options options) throws Exception {
    PulsarClient client = PulsarClient.builder()
        .serviceUrl(options.serviceUrl())
        .memoryLimit(2 * PENDING_BYTES_MAX, SizeUnit.BYTES)
        .build();
    producer = client.newProducer()
        .topic(options.topic())
        .compressionType(CompressionType.valueOf(options.text("compression", "NONE")))
        .enableBatching(true)
        .batchingMaxMessages(Integer.MAX_VALUE)
        .batchingMaxBytes((int) options.number("batch-bytes", 128 * 1024))
        .batchingMaxPublishDelay(options.number("batch-delay-ms", 1), TimeUnit.MILLISECONDS)
        .messageRoutingMode(MessageRoutingMode.RoundRobinPartition)
        .blockIfQueueFull(true)
        .maxPendingMessages(0)
        .create();
    int records = (int) options.number("records", 200_000);
    publish((int) options.number("warmup", 50_000), new long[0]);
    for (int run = 1; run <= options.number("runs", 1); run++) {
      long[] latencies = new long[records];
      long cpuBefore = cpuNanos();
      double seconds = publish(records, latencies) / 1e9;
      report(run, records, seconds, latencies, (cpuNanos() - cpuBefore) / 1e9);
    }
    producer.close();
  }

  /** Nanoseconds from the first send to the last receipt. */
  private long publish(int records, long[] latencies) throws Exception {
    int permits = pending.availablePermits();
    long start = System.nanoTime();
    for (int i = 0; i < records; i++) {
      if (rate > 0) awaitTurn(start + i * 1_000_000_000L / rate);
      pending.acquire();
      int number = i;
      long sentAt = System.nanoTime();
      producer.newMessage().value(value).sendAsync().whenComplete((id, error) -> {
        if (number < latencies.length) latencies[number] = System.nanoTime() - sentAt;
        if (error != null && failed.incrementAndGet() == 1) System.err.println("the first failure: " + error);
        pending.release();
      });
    }
    producer.flush();
    pending.acquire(permits);
    long nanos = System.nanoTime() - start;
    pending.release(permits);
    return nanos;
  }

  private static void awaitTurn(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
  }

  private void report(int run, int records, double seconds, long[] latencies, double cpuSeconds) {
    Arrays.sort(latencies);
    System.out.println(new Line()
        .put("run", run)
        .put("records", records)
        .put("failed", failed.get())
        .put("seconds", seconds)
        .put("recordsPerSecond", records / seconds)
        .put("megabytesPerSecond", records * (double) size / seconds / 1e6)
        .put("cpuSeconds", cpuSeconds)
        .put("latencyMs", new Line()
            .put("p50", percentile(latencies, 0.5))
            .put("p95", percentile(latencies, 0.95))
            .put("p99", percentile(latencies, 0.99))
            .put("p999", percentile(latencies, 0.999))
            .put("max", percentile(latencies, 1))));
  }

  private static double percentile(long[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(sorted.length * share))] / 1e6;
  }

  private static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().map(duration -> duration.toNanos()).orElse(0L);
  }

  /** An existing topic is fine. */
  private static void createTopic(String adminUrl, String topic, int partitions) throws Exception {
    String path = topic.replaceFirst("^(non-)?persistent://", "");
    HttpRequest request = HttpRequest.newBuilder(URI.create(adminUrl + "/admin/v2/persistent/" + path + "/partitions"))
        .header("content-type", "application/json")
        .PUT(HttpRequest.BodyPublishers.ofString(Integer.toString(partitions)))
        .build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300 && answer.statusCode() != 409) {
      throw new IllegalStateException("creating " + topic + ": " + answer.statusCode() + " " + answer.body());
    }
  }
}
