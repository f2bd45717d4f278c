import java.io.BufferedReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Sends the records of a job file (its format: test/support/producer-job.ts) with the kafka-clients jar on the class
 * path, from 0.10.2 on: compiled once against the oldest, so what came later is reached by reflection.
 * Arguments: job file, bootstrap for SASL/PLAIN, bootstrap for anonymous clients, user name, password.
 */
public class ConformanceProducer {
  private static final long SEND_TIMEOUT_SECONDS = 60;

  public static void main(String[] args) throws Exception {
    System.out.println("client " + AppInfoParser.getVersion());
    String[] job = null;
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(Paths.get(args[0]))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ");
        if (words[0].equals("job")) {
          if (job != null) run(job, records, args);
          job = words;
          records = new ArrayList<>();
        } else {
          records.add(parseRecord(job[2], words));
        }
      }
    }
    if (job != null) run(job, records, args);
  }

  private static void run(String[] job, List<ProducerRecord<byte[], byte[]>> records, String[] args) {
    StringBuilder answer = new StringBuilder(job[1]).append(" ok");
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings(job, args))) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (ProducerRecord<byte[], byte[]> record : records) sent.add(producer.send(record));
      for (Future<RecordMetadata> each : sent) {
        answer.append(' ').append(each.get(SEND_TIMEOUT_SECONDS, TimeUnit.SECONDS).offset());
      }
    } catch (Exception error) {
      Throwable cause = error.getCause() == null ? error : error.getCause();
      answer = new StringBuilder(job[1] + " failed " + cause.toString().replace('\n', ' '));
    }
    System.out.println(answer);
  }

  private static Properties settings(String[] job, String[] args) {
    boolean anonymous = job[6].equals("anonymous");
    Properties settings = new Properties();
    settings.put("bootstrap.servers", anonymous ? args[2] : args[1]);
    settings.put("key.serializer", ByteArraySerializer.class.getName());
    settings.put("value.serializer", ByteArraySerializer.class.getName());
    settings.put("compression.type", job[3]);
    settings.put("acks", job[4]);
    if (!job[5].equals("default")) settings.put("enable.idempotence", job[5].equals("on") ? "true" : "false");
    settings.put("linger.ms", "5");
    settings.put("batch.size", "4096");
    settings.put("max.block.ms", "20000");
    settings.put("request.timeout.ms", "20000");
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

  private static ProducerRecord<byte[], byte[]> parseRecord(String topic, String[] words) throws Exception {
    Long timestamp = words[2].equals("-") ? null : Long.valueOf(words[2]);
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, Integer.valueOf(words[1]), timestamp, bytes(words[3]), bytes(words[4]));
    if (words.length == 5) return record;
    Object headers = ProducerRecord.class.getMethod("headers").invoke(record);
    Method add =
        Class.forName("org.apache.kafka.common.header.Headers").getMethod("add", String.class, byte[].class);
    for (int i = 5; i < words.length; i += 1) {
      String[] header = words[i].split(":");
      add.invoke(headers, new String(bytes(header[0]), StandardCharsets.UTF_8), bytes(header[1]));
    }
    return record;
  }

  private static byte[] bytes(String word) {
    return word.equals("-") ? null : Base64.getDecoder().decode(word.substring(1));
  }
}
