package io.pulsegate.oracle;

import org.apache.pulsar.client.api.Consumer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.SubscriptionInitialPosition;

/** The native baseline of reading: an exclusive consumer from the start of a topic. One line, of the messages after the first. */
final class ReadPerf {
  static void run(Options options) throws Exception {
    long records = options.number("records", 200_000);
    PulsarClient client = PulsarClient.builder().serviceUrl(options.serviceUrl()).build();
    Consumer<byte[]> consumer = client.newConsumer()
        .topic(options.topic())
        .subscriptionName("read-perf-" + System.nanoTime())
        .subscriptionInitialPosition(SubscriptionInitialPosition.Earliest)
        .subscribe();
    consumer.receive();
    long start = System.nanoTime();
    for (long count = 1; count < records; count++) {
      var message = consumer.receive();
      if (count % 1000 == 0) consumer.acknowledgeCumulativeAsync(message);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.println(new Line().put("records", records).put("recordsPerSecond", (records - 1) / seconds));
    consumer.unsubscribe();
  }

  private ReadPerf() {}
}
