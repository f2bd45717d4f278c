import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records at a rate to partition 0 of a topic, reads them back in the same process and prints how long each took,
 * in milliseconds with fractions, which Kafka's own tools do not: from send to acknowledgement, and from send to receive.
 * Arguments: bootstrap, topic, records, records before them that do not count, bytes, records per second, linger.ms.
 */
public class LatencyClient {
  private final int warmup;
  private final long[] acknowledged;
  private final long[] received;
  private final CountDownLatch done;

  private LatencyClient(int records, int warmup) {
    this.warmup = warmup;
    acknowledged = new long[records];
    received = new long[records];
    done = new CountDownLatch(2 * records);
  }

  public static void main(String[] args) throws Exception {
    int records = Integer.parseInt(args[2]);
    int warmup = Integer.parseInt(args[3]);
    new LatencyClient(records, warmup).run(args, records + warmup);
    Runtime.getRuntime().halt(0);
  }

  private void run(String[] args, int all) throws Exception {
    CountDownLatch assigned = new CountDownLatch(1);
    Thread consumer = new Thread(() -> consume(args[0], args[1], assigned));
    consumer.setDaemon(true);
    consumer.start();
    assigned.await();
    produce(args, all);
    done.await();
    System.out.println("{\"produceMs\":" + summary(acknowledged) + ",\"endToEndMs\":" + summary(received) + "}");
  }

  private void produce(String[] args, int all) throws Exception {
    int size = Integer.parseInt(args[4]);
    long rate = Long.parseLong(args[5]);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("acks", "all");
    settings.put("linger.ms", args[6]);
    settings.put("key.serializer", ByteArraySerializer.class.getName());
    settings.put("value.serializer", ByteArraySerializer.class.getName());
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
      long start = System.nanoTime();
      for (int i = 0; i < all; i++) {
        long due = start + i * 1_000_000_000L / rate;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
        int number = i - warmup;
        long sentAt = System.nanoTime();
        byte[] value = ByteBuffer.allocate(size).putInt(number).putLong(sentAt).array();
        producer.send(new ProducerRecord<>(args[1], 0, null, value), (metadata, error) -> {
          if (error != null) {
            System.err.println(error);
            Runtime.getRuntime().halt(1);
          }
          if (number < 0) return;
          acknowledged[number] = System.nanoTime() - sentAt;
          done.countDown();
        });
      }
    }
  }

  private void consume(String bootstrap, String topic, CountDownLatch assigned) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      consumer.position(partition);
      assigned.countDown();
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) receive(record.value());
      }
    } catch (RuntimeException error) {
      System.err.println(error);
      Runtime.getRuntime().halt(1);
    }
  }

  private void receive(byte[] value) {
    long now = System.nanoTime();
    ByteBuffer fields = ByteBuffer.wrap(value);
    int number = fields.getInt();
    if (number < 0) return;
    received[number] = now - fields.getLong();
    done.countDown();
  }

  private static String summary(long[] nanos) {
    Arrays.sort(nanos);
    return "{\"p50\":" + nanos[nanos.length / 2] / 1e6 + ",\"p99\":" + nanos[nanos.length * 99 / 100] / 1e6 + "}";
  }
}
