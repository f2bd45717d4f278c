import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Sends numbered records at a rate until the count is reached or standard input ends, and tells of each what became of
 * it. Record n goes to partition n % partitions; its value is "NAME n " padded with dots.
 * Arguments: topic, name of the flood, partitions, count, records per second (0: as fast as it goes), most records
 * without an answer, bytes of a value, then settings of the producer as name=value.
 * Prints `acked NUMBER PARTITION OFFSET` and `failed NUMBER ERROR`, at the end `end SENT RETRIED`.
 */
public class FloodProducer {
  private static volatile boolean ended;

  public static void main(String[] args) throws Exception {
    String topic = args[0];
    String name = args[1];
    int partitions = Integer.parseInt(args[2]);
    long count = Long.parseLong(args[3]);
    long rate = Long.parseLong(args[4]);
    int unansweredMax = Integer.parseInt(args[5]);
    int size = Integer.parseInt(args[6]);
    PrintStream out =
        new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 13), true, "UTF-8");
    out.println("client " + AppInfoParser.getVersion());
    endWithInput();
    Semaphore unanswered = new Semaphore(unansweredMax);
    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings(args));
    long sent = 0;
    long due = System.nanoTime();
    for (; sent < count && !ended; sent += 1) {
      unanswered.acquire();
      byte[] value = value(name + " " + sent + " ", size);
      send(producer, new ProducerRecord<>(topic, (int) (sent % partitions), null, value), sent, unanswered, out);
      if (rate <= 0) continue;
      due = Math.max(due + 1_000_000_000L / rate, System.nanoTime() - 100_000_000L);
      for (long now = System.nanoTime(); now < due && !ended; now = System.nanoTime()) {
        LockSupport.parkNanos(due - now);
      }
    }
    unanswered.acquire(unansweredMax);
    out.println("end " + sent + " " + (long) total(producer, "record-retry-total"));
    producer.close();
  }

  private static byte[] value(String beginning, int size) {
    byte[] text = beginning.getBytes(StandardCharsets.US_ASCII);
    byte[] value = Arrays.copyOf(text, Math.max(size, text.length));
    Arrays.fill(value, text.length, value.length, (byte) '.');
    return value;
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record, long number,
      Semaphore unanswered, PrintStream out) {
    try {
      producer.send(record, (metadata, error) -> {
        if (error == null) out.println("acked " + number + " " + metadata.partition() + " " + metadata.offset());
        else out.println(failure(number, error));
        unanswered.release();
      });
    } catch (RuntimeException error) {
      out.println(failure(number, error));
      unanswered.release();
    }
  }

  private static String failure(long number, Exception error) {
    return "failed " + number + " " + error.toString().replace('\n', ' ');
  }

  private static double total(KafkaProducer<byte[], byte[]> producer, String name) {
    for (Map.Entry<MetricName, ? extends Metric> each : producer.metrics().entrySet()) {
      MetricName metric = each.getKey();
      if (metric.name().equals(name) && metric.group().equals("producer-metrics")) {
        return (Double) each.getValue().metricValue();
      }
    }
    throw new IllegalStateException("no metric " + name);
  }

  private static Properties settings(String[] args) {
    Properties settings = new Properties();
    settings.put("key.serializer", ByteArraySerializer.class.getName());
    settings.put("value.serializer", ByteArraySerializer.class.getName());
    for (String setting : Arrays.asList(args).subList(7, args.length)) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    return settings;
  }

  private static void endWithInput() {
    Thread input = new Thread(() -> {
      try {
        while (System.in.read() >= 0) continue;
      } catch (java.io.IOException end) {
        // The end, too.
      }
      ended = true;
    });
    input.setDaemon(true);
    input.start();
  }
}
