// The scenarios with RabbitMQ's Java client, for the argument's jobs; see test/support/amqp091-scenario.ts.
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcClientParams;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.json.JSONObject;

public final class Scenarios {
  private static final List<String> NUMBERS = IntStream.range(0, 20).mapToObj(i -> "m" + (100 + i)).toList();
  private static JSONObject task;

  private interface Scenario {
    void play(Stage stage) throws Exception;
  }

  private static final Map<String, Scenario> SCENARIOS = Map.ofEntries(
      Map.entry("work queue", Scenarios::workQueue),
      Map.entry("fanout", Scenarios::fanout),
      Map.entry("routing", Scenarios::routing),
      Map.entry("direct reply-to", Scenarios::directReplyTo),
      Map.entry("reply queue", Scenarios::replyQueue),
      Map.entry("retry", Scenarios::retry),
      Map.entry("mandatory", Scenarios::mandatory),
      Map.entry("transaction", Scenarios::transaction),
      Map.entry("cancel", Scenarios::cancel),
      Map.entry("refusals", Scenarios::refusals),
      Map.entry("large message", Scenarios::largeMessage),
      Map.entry("types", stage -> Types.play(stage, task)));

  private static void workQueue(Stage stage) throws Exception {
    String queue = stage.named("q");
    Connection doomed = stage.connect();
    Channel channel = doomed.createChannel();
    var declared = channel.queueDeclare(queue, true, false, false, null);
    Stage.mustBe("declared", List.of(declared.getQueue(), declared.getMessageCount(), declared.getConsumerCount()), List.of(queue, 0, 0));
    channel.basicQos(5);
    Stage.Inbox worker = Stage.Inbox.open(channel, queue, false);
    Channel publisher = stage.confirming();
    Stage.send(publisher, "", queue, NUMBERS.toArray(String[]::new));
    Stage.until("15 messages", () -> worker.arrived.size() >= 5 && publisher.messageCount(queue) == 15);
    List<Delivery> held = List.copyOf(worker.arrived);
    Stage.mustBe("prefetched", held.stream().map(Stage::text).toList(), NUMBERS.subList(0, 5));
    channel.basicAck(held.get(1).getEnvelope().getDeliveryTag(), true);
    Stage.until("two more", () -> worker.arrived.size() == 7);
    stage.cut(doomed);
    Channel second = stage.channel();
    second.basicQos(10);
    Stage.Inbox left = Stage.Inbox.open(second, queue, false);
    TreeMap<String, Boolean> seen = new TreeMap<>();
    while (seen.size() < 18) {
      Delivery delivery = left.take();
      seen.put(Stage.text(delivery), delivery.getEnvelope().isRedeliver());
    }
    Stage.mustBe("left", new ArrayList<>(seen.keySet()), NUMBERS.subList(2, 20));
    Stage.mustBe("redelivered", new ArrayList<>(seen.values()), IntStream.range(0, 18).mapToObj(i -> i < 5).toList());
  }

  private static void fanout(Stage stage) throws Exception {
    String exchange = stage.named("x");
    Channel publisher = stage.confirming();
    publisher.exchangeDeclare(exchange, BuiltinExchangeType.FANOUT, false, true, null);
    List<Stage.Inbox> inboxes = new ArrayList<>();
    List<String> queues = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Channel channel = stage.channel();
      String queue = channel.queueDeclare().getQueue();
      channel.queueBind(queue, exchange, "");
      queues.add(queue);
      inboxes.add(Stage.Inbox.open(channel, queue, true));
    }
    Stage.send(publisher, exchange, "any", "1", "2", "3");
    for (Stage.Inbox inbox : inboxes) {
      for (String text : List.of("1", "2", "3")) Stage.mustBe("received", Stage.text(inbox.receive()), text);
    }
    inboxes.get(0).getChannel().queueUnbind(queues.get(0), exchange, "");
    Stage.send(publisher, exchange, "", "unbound");
    Stage.send(publisher, "", queues.get(0), "directly");
    Stage.mustBe("after its unbinding", Stage.text(inboxes.get(0).receive()), "directly");
    Stage.mustBe("of the other", Stage.text(inboxes.get(1).receive()), "unbound");
  }

  private static String bound(Channel channel, String queue, String exchange, String pattern, Map<String, Object> arguments)
      throws IOException {
    channel.queueDeclare(queue, false, true, false, null);
    channel.queueBind(queue, exchange, pattern, arguments);
    return queue;
  }

  private static void routing(Stage stage) throws Exception {
    Channel channel = stage.confirming();
    String topic = stage.named("topic");
    String headers = stage.named("headers");
    channel.exchangeDeclare(topic, BuiltinExchangeType.TOPIC, true);
    channel.exchangeDeclare(headers, BuiltinExchangeType.HEADERS, true);
    channel.exchangeBind(headers, topic, "to.headers");
    String europe = bound(channel, stage.named("europe"), topic, "order.*.eu", null);
    String orders = bound(channel, stage.named("orders"), topic, "order.#", null);
    String red = bound(channel, stage.named("red"), headers, "", Map.of("x-match", "all", "colour", "red", "size", 3));
    for (String key : List.of("order", "order.new.eu", "order.new.us", "order.a.b.eu", "bill.new.eu")) Stage.send(channel, topic, key, key);
    for (String colour : List.of("blue", "red")) {
      Map<String, Object> values = Map.of("colour", colour, "size", 3);
      channel.basicPublish(topic, "to.headers", new BasicProperties.Builder().headers(values).build(), colour.getBytes(StandardCharsets.UTF_8));
    }
    channel.waitForConfirmsOrDie(30_000);
    Stage.mustBe("order.*.eu", Stage.Inbox.open(channel, europe, false).texts(1), List.of("order.new.eu"));
    Stage.mustBe("order.#", Stage.Inbox.open(channel, orders, false).texts(4), List.of("order", "order.new.eu", "order.new.us", "order.a.b.eu"));
    Stage.mustBe("headers", Stage.Inbox.open(channel, red, false).texts(1), List.of("red"));
  }

  private static void answerTo(Stage stage, String requests) throws Exception {
    Channel server = stage.channel();
    server.queueDeclare(requests, false, true, false, null);
    server.basicConsume(requests, false, (tag, question) -> {
      var properties = new BasicProperties.Builder().correlationId(question.getProperties().getCorrelationId()).build();
      byte[] answer = ("answer to " + Stage.text(question)).getBytes(StandardCharsets.UTF_8);
      server.basicPublish("", question.getProperties().getReplyTo(), properties, answer);
      server.basicAck(question.getEnvelope().getDeliveryTag(), false);
    }, tag -> {});
  }

  private static void ask(RpcClientParams how) throws Exception {
    RpcClient client = new RpcClient(how.timeout(30_000));
    for (String question : List.of("a", "b")) {
      byte[] answer = client.primitiveCall(("question " + question).getBytes(StandardCharsets.UTF_8));
      Stage.mustBe("answer", new String(answer, StandardCharsets.UTF_8), "answer to question " + question);
    }
    client.close();
  }

  /** Its RpcClient asks so where it has no other reply queue. */
  private static void directReplyTo(Stage stage) throws Exception {
    String requests = stage.named("requests");
    answerTo(stage, requests);
    ask(new RpcClientParams().channel(stage.channel()).exchange("").routingKey(requests));
  }

  private static void replyQueue(Stage stage) throws Exception {
    String requests = stage.named("requests");
    answerTo(stage, requests);
    Channel channel = stage.channel();
    String replies = channel.queueDeclare("", false, true, false, null).getQueue();
    ask(new RpcClientParams().channel(channel).exchange("").routingKey(requests).replyTo(replies));
    Stage.mustBe("for another", refused(stage.channel(), other -> other.queueDeclarePassive(replies)), 405);
  }

  private static void retry(Stage stage) throws Exception {
    Channel channel = stage.confirming();
    String work = stage.named("work");
    String later = stage.named("later");
    Map<String, Object> back = Map.of("x-message-ttl", 300, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", work);
    channel.queueDeclare(later, true, false, false, back);
    channel.queueDeclare(work, true, false, false, Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", later));
    Stage.Inbox worker = Stage.Inbox.open(channel, work, false);
    Stage.send(channel, "", work, "hard");
    for (long attempt = 0; ; attempt++) {
      Delivery delivery = worker.receive();
      Stage.mustBe("body", Stage.text(delivery), "hard");
      List<String> told = new ArrayList<>();
      Map<String, Object> headers = delivery.getProperties().getHeaders();
      Object deaths = headers == null ? null : headers.get("x-death");
      for (Object each : deaths == null ? List.of() : (List<?>) deaths) {
        Map<?, ?> death = (Map<?, ?>) each;
        told.add(death.get("reason") + " " + death.get("queue") + " " + death.get("count"));
      }
      List<String> expected = List.of("expired " + later + " " + attempt, "rejected " + work + " " + attempt);
      Stage.mustBe("x-death", told, attempt == 0 ? List.of() : expected);
      long tag = delivery.getEnvelope().getDeliveryTag();
      if (attempt == 2) {
        channel.basicAck(tag, false);
        return;
      }
      channel.basicNack(tag, false, false);
    }
  }

  private static void mandatory(Stage stage) throws Exception {
    Channel channel = stage.confirming();
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    channel.addReturnListener(returned -> told.add(
        returned.getReplyCode() + " " + returned.getReplyText() + " " + new String(returned.getBody(), StandardCharsets.UTF_8)));
    channel.addConfirmListener((tag, multiple) -> told.add("confirmed"), (tag, multiple) -> told.add("refused"));
    channel.basicPublish("", stage.named("nowhere"), true, MessageProperties.PERSISTENT_BASIC, "lost".getBytes(StandardCharsets.UTF_8));
    channel.waitForConfirmsOrDie(30_000);
    Stage.until("told", () -> told.size() == 2);
    Stage.mustBe("told", List.copyOf(told), List.of("312 NO_ROUTE lost", "confirmed"));
  }

  private static void transaction(Stage stage) throws Exception {
    String queue = stage.named("q");
    Channel channel = stage.channel();
    channel.queueDeclare(queue, true, false, false, null);
    channel.txSelect();
    channel.basicPublish("", queue, null, "rolled back".getBytes());
    channel.txRollback();
    for (String text : List.of("1", "2")) channel.basicPublish("", queue, null, text.getBytes());
    Channel plain = stage.channel();
    Stage.mustBe("before commit", plain.basicGet(queue, true) == null, true);
    channel.txCommit();
    Stage.mustBe("committed", Stage.Inbox.open(plain, queue, false).texts(2), List.of("1", "2"));
    plain.getConnection().close();
    Stage.send(stage.confirming(), "", queue, "3");
    Stage.mustBe("inside", Stage.Inbox.open(channel, queue, false).texts(1), List.of("3"));
    channel.txRollback();
    channel.close();
    Delivery again = Stage.Inbox.open(stage.channel(), queue, false).take();
    Stage.mustBe("its rolled back acknowledgement", Stage.text(again) + again.getEnvelope().isRedeliver(), "3true");
  }

  private static void cancel(Stage stage) throws Exception {
    String queue = stage.named("q");
    Channel channel = stage.confirming();
    channel.queueDeclare(queue, true, false, false, null);
    Stage.Inbox own = new Stage.Inbox(channel);
    Stage.mustBe("tag", channel.basicConsume(queue, false, "mine", own), "mine");
    Stage.send(channel, "", queue, "1");
    Stage.mustBe("before", own.texts(1), List.of("1"));
    channel.basicCancel("mine");
    Stage.send(channel, "", queue, "2");
    AtomicReference<GetResponse> got = new AtomicReference<>();
    Stage.until("a message", () -> {
      got.set(channel.basicGet(queue, false));
      return got.get() != null;
    });
    Stage.mustBe("got", new String(got.get().getBody()) + got.get().getEnvelope().isRedeliver(), "2false");
    channel.basicAck(got.get().getEnvelope().getDeliveryTag(), false);
    Stage.Inbox other = Stage.Inbox.open(stage.channel(), queue, false);
    channel.queueDelete(queue);
    if (!other.cancelled.await(30, TimeUnit.SECONDS)) throw new IllegalStateException("takes too long: to be cancelled");
  }

  private interface Operation {
    void on(Channel channel) throws Exception;
  }

  private static int refused(Channel channel, Operation operation) throws Exception {
    try {
      operation.on(channel);
      return 0;
    } catch (IOException error) {
      var signal = (ShutdownSignalException) error.getCause();
      return ((com.rabbitmq.client.AMQP.Channel.Close) signal.getReason()).getReplyCode();
    }
  }

  private static void refusals(Stage stage) throws Exception {
    Connection connection = stage.connect();
    String queue = stage.named("q");
    Stage.mustBe("absent", refused(connection.createChannel(), channel -> channel.queueDeclarePassive(queue)), 404);
    Stage.mustBe("absent exchange", refused(connection.createChannel(), channel -> channel.queueBind(queue, queue, "")), 404);
    connection.createChannel().queueDeclare(queue, true, false, false, null);
    Stage.mustBe("unequal", refused(connection.createChannel(), channel -> channel.queueDeclare(queue, false, false, false, null)), 406);
    Stage.mustBe("reserved", refused(connection.createChannel(), channel -> channel.queueDeclare("amq.mine", true, false, false, null)), 403);
    Stage.mustBe("default exchange", refused(connection.createChannel(), channel -> channel.queueBind(queue, "", "k")), 403);
    connection.createChannel().queueDelete(queue);
  }

  private static void largeMessage(Stage stage) throws Exception {
    String queue = stage.named("q");
    Channel channel = stage.confirming();
    channel.queueDeclare(queue, true, false, false, null);
    byte[] content = new byte[task.getInt("largeBytes")];
    new Random(1).nextBytes(content);
    channel.basicPublish("", queue, null, content);
    channel.waitForConfirmsOrDie(30_000);
    Stage.mustBe("equal", Arrays.equals(Stage.Inbox.open(channel, queue, false).take().getBody(), content), true);
  }

  private static void perform(JSONObject job, String scenario) {
    Stage stage = new Stage(task, job, scenario.replace(' ', '-'));
    JSONObject told = new JSONObject(Map.of("transport", job.getString("transport"), "scenario", scenario));
    try {
      SCENARIOS.get(scenario).play(stage);
    } catch (Throwable error) {
      told.put("fault", error + (error.getCause() == null ? "" : ": " + error.getCause()));
    }
    synchronized (SCENARIOS) {
      System.out.println(told);
    }
    stage.end();
  }

  public static void main(String[] args) throws Exception {
    task = new JSONObject(args[0]);
    String version = Connection.class.getPackage().getImplementationVersion();
    System.out.println(new JSONObject(Map.of("version", "amqp-client " + version)));
    List<Thread> threads = new ArrayList<>();
    for (Object job : task.getJSONArray("jobs")) {
      for (String scenario : ((JSONObject) job).getString("scenarios").split(",")) {
        threads.add(new Thread(() -> perform((JSONObject) job, scenario)));
      }
    }
    for (Thread thread : threads) thread.start();
    for (Thread thread : threads) thread.join();
    System.exit(0);
  }
}
