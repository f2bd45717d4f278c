import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Collections;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * One member of a group, told what to do by lines on its standard input. Arguments: bootstrap, group, then
 * `setting=value` of the consumer. Lines: `topic <name>`, `pattern <RE2>`, `describe` and `close`. It answers
 * `has <topic>-<partition> ...` when its assignment is another one, `read <topic>-<partition> <offset> <value>` for every
 * record, which it has then committed, `group <protocol> <state> <members>`, `closed`, and `failed <message>`.
 */
public class GroupMember {
  private static final BlockingQueue<String> LINES = new LinkedBlockingQueue<>();

  public static void main(String[] args) throws Exception {
    Thread reader = new Thread(GroupMember::readLines);
    reader.setDaemon(true);
    reader.start();
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("group.id", args[1]);
    settings.put("key.deserializer", StringDeserializer.class.getName());
    settings.put("value.deserializer", StringDeserializer.class.getName());
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("metadata.max.age.ms", "2000");
    for (int index = 2; index < args.length; index++) {
      String[] setting = args[index].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      run(consumer, args);
    } catch (Throwable error) {
      say("failed " + error);
    }
    say("closed");
  }

  private static void run(KafkaConsumer<String, String> consumer, String[] args) throws Exception {
    boolean subscribed = false;
    Set<String> had = null;
    for (;;) {
      String line = subscribed ? LINES.poll() : LINES.take();
      if (line != null) {
        String[] words = line.split(" ", 2);
        if (words[0].equals("close")) return;
        if (words[0].equals("topic")) consumer.subscribe(Collections.singletonList(words[1]));
        else if (words[0].equals("pattern")) consumer.subscribe(new SubscriptionPattern(words[1]));
        else if (words[0].equals("describe")) describe(args);
        subscribed = true;
      }
      ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
      Set<String> has = new TreeSet<>();
      for (TopicPartition each : consumer.assignment()) has.add(each.toString());
      if (!has.equals(had)) say(("has " + String.join(" ", has)).trim());
      had = has;
      if (records.isEmpty()) continue;
      try {
        consumer.commitSync();
      } catch (Exception error) {
        say("uncommitted " + error);
        continue;
      }
      for (ConsumerRecord<String, String> each : records) {
        say("read " + each.topic() + "-" + each.partition() + " " + each.offset() + " " + each.value());
      }
    }
  }

  private static void describe(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    try (Admin admin = Admin.create(settings)) {
      ConsumerGroupDescription group =
          admin.describeConsumerGroups(Collections.singletonList(args[1])).all().get().get(args[1]);
      say("group " + group.type() + " " + group.groupState() + " " + group.members().size());
    }
  }

  private static void readLines() {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) LINES.add(line);
    } catch (java.io.IOException ended) {
      // As at the end of the input.
    }
    LINES.add("close");
  }

  private static synchronized void say(String line) {
    System.out.println(line.replace('\n', ' '));
    System.out.flush();
  }
}
