import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Reads the topics of a job file (its format, and that of the answers: test/support/consumer-job.ts) with the
 * kafka-clients jar on the class path, from 0.10.2 on: compiled once against the oldest, so what came later is reached
 * by reflection. Arguments: job file, bootstrap for SASL/PLAIN, bootstrap for anonymous clients, user name, password.
 */
public class ConformanceConsumer {
  private static final long IDLE_MS_MAX = 40_000;
  private static final PrintStream OUT = new PrintStream(new BufferedOutputStream(System.out, 1 << 16));

  public static void main(String[] args) throws Exception {
    OUT.println("client " + AppInfoParser.getVersion());
    for (String line : Files.readAllLines(Paths.get(args[0]))) {
      String[] job = line.split(" ");
      try {
        run(job, args);
        OUT.println(job[1] + " ok");
      } catch (Throwable error) {
        OUT.println(job[1] + " failed " + error.toString().replace('\n', ' '));
      }
      OUT.flush();
    }
  }

  private static void run(String[] job, String[] args) throws Exception {
    long wanted = Long.parseLong(job[3]);
    int blockRecords = Integer.parseInt(job[6]);
    Map<Integer, Block> blocks = new TreeMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings(job, args))) {
      Method poll = pollMethod();
      if (job[4].equals("none")) assignAll(consumer, job[2]);
      else consumer.subscribe(Collections.singletonList(job[2]));
      long deadline = System.currentTimeMillis() + IDLE_MS_MAX;
      for (long read = 0; read < wanted; ) {
        ConsumerRecords<byte[], byte[]> records = poll(poll, consumer);
        for (ConsumerRecord<byte[], byte[]> record : records) {
          blocks.computeIfAbsent(record.partition(), (each) -> new Block(job[1], each, blockRecords)).add(record);
          read++;
        }
        if (!records.isEmpty()) deadline = System.currentTimeMillis() + IDLE_MS_MAX;
        else if (System.currentTimeMillis() > deadline) {
          throw new IllegalStateException("nothing came for 40 s after " + read + " of " + wanted + " records");
        }
      }
    }
    for (Block block : blocks.values()) block.end();
  }

  /** As consumers do that belong to no group. */
  private static void assignAll(KafkaConsumer<byte[], byte[]> consumer, String topic) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (PartitionInfo each : consumer.partitionsFor(topic)) {
      partitions.add(new TopicPartition(topic, each.partition()));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** `poll(long)` went in 4.0, `poll(Duration)` came in 2.0. */
  private static Method pollMethod() throws Exception {
    try {
      return KafkaConsumer.class.getMethod("poll", Class.forName("java.time.Duration"));
    } catch (NoSuchMethodException before2) {
      return KafkaConsumer.class.getMethod("poll", long.class);
    }
  }

  @SuppressWarnings("unchecked")
  private static ConsumerRecords<byte[], byte[]> poll(Method poll, KafkaConsumer<byte[], byte[]> consumer)
      throws Exception {
    Object time = poll.getParameterTypes()[0] == long.class ? (Object) 500L : java.time.Duration.ofMillis(500);
    try {
      return (ConsumerRecords<byte[], byte[]>) poll.invoke(consumer, time);
    } catch (InvocationTargetException error) {
      if (error.getCause() instanceof Exception) throw (Exception) error.getCause();
      throw error;
    }
  }

  private static Properties settings(String[] job, String[] args) {
    boolean anonymous = job[5].equals("anonymous");
    Properties settings = new Properties();
    settings.put("bootstrap.servers", anonymous ? args[2] : args[1]);
    settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    if (job[4].equals("none")) settings.put("enable.auto.commit", "false");
    else settings.put("group.id", job[1]);
    settings.put("auto.offset.reset", "earliest");
    settings.put("check.crcs", "true");
    if (job[4].equals("consumer")) settings.put("group.protocol", "consumer");
    if (!anonymous) {
      settings.put("security.protocol", "SASL_PLAINTEXT");
      settings.put("sasl.mechanism", "PLAIN");
      settings.put(
          "sasl.jaas.config",
          "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
              + args[3] + "\" password=\"" + args[4] + "\";");
    }
    return settings;
  }

  /** The records of one partition, told one by one or, many at once, by the digest of what would be told. */
  private static final class Block {
    private final String id;
    private final int partition;
    private final int recordsMax;
    private final MessageDigest digest;
    private long firstOffset;
    private int count;

    Block(String id, int partition, int recordsMax) {
      this.id = id;
      this.partition = partition;
      this.recordsMax = recordsMax;
      try {
        this.digest = MessageDigest.getInstance("SHA-256");
      } catch (java.security.NoSuchAlgorithmException error) {
        throw new IllegalStateException(error);
      }
    }

    void add(ConsumerRecord<byte[], byte[]> record) throws Exception {
      StringBuilder line = new StringBuilder();
      line.append(record.offset()).append(' ').append(record.timestamp());
      line.append(' ').append(word(record.key())).append(' ').append(word(record.value()));
      appendHeaders(line, record);
      if (recordsMax == 0) {
        OUT.println(id + " record " + partition + " " + line);
        return;
      }
      if (count == 0) firstOffset = record.offset();
      digest.update(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
      if (++count == recordsMax) end();
    }

    void end() {
      if (count == 0) return;
      StringBuilder hex = new StringBuilder();
      for (byte each : digest.digest()) hex.append(String.format("%02x", each));
      OUT.println(id + " block " + partition + " " + firstOffset + " " + count + " " + hex);
      count = 0;
    }
  }

  private static final Method HEADERS = methodOrNull("org.apache.kafka.clients.consumer.ConsumerRecord", "headers");
  private static final Method HEADER_KEY = methodOrNull("org.apache.kafka.common.header.Header", "key");
  private static final Method HEADER_VALUE = methodOrNull("org.apache.kafka.common.header.Header", "value");

  private static void appendHeaders(StringBuilder line, ConsumerRecord<byte[], byte[]> record) throws Exception {
    if (HEADERS == null) return;
    for (Object header : (Iterable<?>) HEADERS.invoke(record)) {
      byte[] name = ((String) HEADER_KEY.invoke(header)).getBytes(StandardCharsets.UTF_8);
      line.append(' ').append(word(name)).append(':').append(word((byte[]) HEADER_VALUE.invoke(header)));
    }
  }

  private static Method methodOrNull(String type, String name) {
    try {
      return Class.forName(type).getMethod(name);
    } catch (ReflectiveOperationException before011) {
      return null;
    }
  }

  private static String word(byte[] bytes) {
    return bytes == null ? "-" : "=" + Base64.getEncoder().encodeToString(bytes);
  }
}
