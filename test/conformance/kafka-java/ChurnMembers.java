import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Members of groups, each in a thread of its own, that tell all they do: see test/support/churn-process.ts for the lines on
 * both standard streams. Arguments: bootstrap, topic, partitions, session timeout and rebalance timeout in milliseconds.
 */
public class ChurnMembers {
  private static final Map<String, Member> MEMBERS = new HashMap<>();

  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("join")) {
        Member member = new Member(words[1], words[2], words[3], args);
        MEMBERS.put(words[1], member);
        member.start();
      } else if (words[0].equals("leave")) {
        MEMBERS.remove(words[1]).leaving = true;
      }
    }
    for (Member member : MEMBERS.values()) member.leaving = true;
    for (Member member : MEMBERS.values()) member.join();
    System.exit(0);
  }

  private static synchronized void say(String line) {
    System.out.println(line.replace('\n', ' '));
    System.out.flush();
  }

  private static class Member extends Thread implements ConsumerRebalanceListener {
    final String name;
    final String topic;
    final int partitions;
    final Properties settings = new Properties();
    /** And not committed yet. The metadata is the place. */
    final Map<TopicPartition, OffsetAndMetadata> processed =
        new TreeMap<>((a, b) -> a.partition() - b.partition());
    volatile boolean leaving;

    Member(String name, String group, String protocol, String[] args) {
      this.name = name;
      topic = args[1];
      partitions = Integer.parseInt(args[2]);
      settings.put("bootstrap.servers", args[0]);
      settings.put("group.id", group);
      settings.put("client.id", name);
      settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
      settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
      settings.put("auto.offset.reset", "earliest");
      settings.put("enable.auto.commit", "false");
      settings.put("max.poll.interval.ms", args[4]);
      settings.put("default.api.timeout.ms", "10000");
      settings.put("request.timeout.ms", "10000");
      settings.put("reconnect.backoff.max.ms", "500");
      settings.put("metadata.max.age.ms", "5000");
      if (protocol.equals("consumer")) {
        settings.put("group.protocol", "consumer");
        return;
      }
      settings.put("session.timeout.ms", args[3]);
      settings.put("heartbeat.interval.ms", "1000");
      String assignor = protocol.equals("cooperative") ? "CooperativeStickyAssignor" : "RoundRobinAssignor";
      settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
    }

    @Override
    public void run() {
      tell("joining");
      try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
        consumer.subscribe(Collections.singletonList(topic), this);
        while (!leaving) take(consumer, consumer.poll(Duration.ofMillis(200)));
      } catch (Throwable error) {
        tell("failed " + error);
      }
      tell("left");
    }

    private void take(KafkaConsumer<byte[], byte[]> consumer, ConsumerRecords<byte[], byte[]> records) {
      for (TopicPartition partition : records.partitions()) {
        List<ConsumerRecord<byte[], byte[]>> read = records.records(partition);
        long first = place(read.get(0));
        long place = first;
        for (ConsumerRecord<byte[], byte[]> record : read) check(record, place++);
        tell("read " + partition.partition() + " " + first + " " + (place - 1));
        long next = read.get(read.size() - 1).offset() + 1;
        processed.put(partition, new OffsetAndMetadata(next, String.valueOf(place)));
      }
      if (processed.isEmpty()) return;
      StringBuilder commit = new StringBuilder();
      for (Map.Entry<TopicPartition, OffsetAndMetadata> each : processed.entrySet()) {
        OffsetAndMetadata to = each.getValue();
        commit.append(' ').append(each.getKey().partition()).append('=').append(to.offset());
        commit.append(':').append(to.metadata());
      }
      tell("committing" + commit);
      try {
        consumer.commitSync(new HashMap<>(processed));
        tell("committed" + commit);
        processed.clear();
      } catch (RuntimeException error) {
        // What it keeps over the rebalance, it commits with what it reads next.
        tell("uncommitted " + error);
      }
    }

    private void check(ConsumerRecord<byte[], byte[]> record, long place) {
      if (place(record) == place) return;
      tell("wrong " + record.partition() + " " + record.offset() + " " + place(record) + " instead of " + place);
    }

    /** Record number n is the one at place n / partitions of its partition, whatever its offset is. */
    private long place(ConsumerRecord<byte[], byte[]> record) {
      byte[] value = record.value();
      int at = 0;
      while (value[at] != ' ') at += 1;
      long number = 0;
      for (at += 1; value[at] != ' '; at += 1) number = number * 10 + value[at] - '0';
      return number / partitions;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
      tell("assigned" + list(assigned));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
      tell("revoked" + list(revoked));
      processed.keySet().removeAll(revoked);
    }

    private static String list(Collection<TopicPartition> partitions) {
      StringBuilder list = new StringBuilder();
      for (TopicPartition each : partitions) list.append(' ').append(each.partition());
      return list.toString();
    }

    private void tell(String what) {
      say(name + " " + System.currentTimeMillis() + " " + what);
    }
  }
}
