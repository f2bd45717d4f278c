// The scenarios with the HiveMQ MQTT client, for the argument's jobs; see test/support/mqtt-scenario.ts.
import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilder;
import java.io.FileInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.net.ssl.TrustManagerFactory;

public final class Scenarios {
  private static final int TIMEOUT_S = 20;
  private static String task;
  private static TrustManagerFactory authority;

  private record Job(int level, String transport, String prefix) {}

  /** What came, however it was sent. */
  private record Message(String topic, String text, int qos, boolean retain, String responseTopic, byte[] correlation) {}

  private interface Scenario {
    void play(Stage stage) throws Exception;
  }

  /** One connection at either level. */
  private static final class Client {
    final List<Message> received = new ArrayList<>();
    volatile java.util.function.Consumer<Message> onMessage;
    boolean sessionPresent;
    private Mqtt3AsyncClient three;
    private Mqtt5AsyncClient five;

    private synchronized void add(Message message) {
      received.add(message);
      notifyAll();
      if (onMessage != null) onMessage.accept(message);
    }

    void connect(MqttClientBuilder builder, int level, boolean clean, String will) throws Exception {
      if (level == 5) {
        five = builder.useMqttVersion5().buildAsync();
        five.publishes(com.hivemq.client.mqtt.MqttGlobalPublishFilter.ALL, publish -> add(messageOf(publish)));
        var connect = five.connectWith().cleanStart(clean).sessionExpiryInterval(clean ? 0 : 600);
        if (will != null) connect.willPublish(Mqtt5Publish.builder().topic(will).qos(MqttQos.AT_LEAST_ONCE).payload(bytes("gone")).build().asWill());
        sessionPresent = await(connect.send()).isSessionPresent();
      } else {
        three = builder.useMqttVersion3().buildAsync();
        three.publishes(com.hivemq.client.mqtt.MqttGlobalPublishFilter.ALL, publish -> add(messageOf(publish)));
        var connect = three.connectWith().cleanSession(clean);
        if (will != null) connect.willPublish(Mqtt3Publish.builder().topic(will).qos(MqttQos.AT_LEAST_ONCE).payload(bytes("gone")).build());
        sessionPresent = await(connect.send()).isSessionPresent();
      }
    }

    void subscribe(String filter, int qos) throws Exception {
      MqttQos most = MqttQos.fromCode(qos);
      if (five != null) await(five.subscribeWith().topicFilter(filter).qos(most).send());
      else await(three.subscribeWith().topicFilter(filter).qos(most).send());
    }

    void publish(String topic, String text, int qos, boolean retain) throws Exception {
      if (five != null) publish(Mqtt5Publish.builder().topic(topic), text, qos, retain);
      else await(three.publishWith().topic(topic).qos(MqttQos.fromCode(qos)).retain(retain).payload(bytes(text)).send());
    }

    void publish(Mqtt5PublishBuilder.Complete publish, String text, int qos, boolean retain) throws Exception {
      var result = await(five.publish(publish.qos(MqttQos.fromCode(qos)).retain(retain).payload(bytes(text)).build()));
      if (result.getError().isPresent()) throw new IllegalStateException(result.getError().get());
    }

    synchronized List<Message> messages(int count) throws Exception {
      long end = System.currentTimeMillis() + TIMEOUT_S * 1000L;
      while (received.size() < count) {
        long left = end - System.currentTimeMillis();
        if (left <= 0) throw new IllegalStateException("takes too long with " + received.size() + " of " + count + " messages");
        wait(left);
      }
      return List.copyOf(received);
    }

    List<String> texts(int count) throws Exception {
      return messages(count).stream().map(Message::text).toList();
    }

    void disconnect() throws Exception {
      if (five != null) await(five.disconnect());
      else await(three.disconnect());
    }

    /** The client cannot be cut by itself: at level 5 it asks for its will. False: another one has to take its place. */
    boolean askForWill() throws Exception {
      if (five == null) return false;
      await(five.disconnectWith().reasonCode(Mqtt5DisconnectReasonCode.DISCONNECT_WITH_WILL_MESSAGE).send());
      return true;
    }
  }

  /** The clients and topics of one scenario. */
  private record Stage(Job job, String name, List<Client> clients) {
    Client connect(String role) throws Exception {
      return connect(role, true, null);
    }

    Client connect(String role, boolean clean, String will) throws Exception {
      MqttClientBuilder builder = MqttClient.builder()
          .identifier(job.prefix() + "-" + name + "-" + role)
          .serverHost(text("host"))
          .serverPort(number(job.transport()));
      if (job.transport().equals("tls") || job.transport().equals("wss")) {
        builder = builder.sslConfig(MqttClientSslConfig.builder().trustManagerFactory(authority).build());
      }
      if (job.transport().startsWith("ws")) {
        builder = builder.webSocketConfig(MqttWebSocketConfig.builder().serverPath(text("path").substring(1)).build());
      }
      Client client = new Client();
      clients.add(client);
      client.connect(builder, job.level(), clean, will);
      return client;
    }

    String topic(String rest) {
      return job.prefix() + "/" + name + "/" + rest;
    }
  }

  private static void publishAndSubscribe(Stage stage) throws Exception {
    Client subscriber = stage.connect("in");
    subscriber.subscribe(stage.topic("+/#"), 2);
    Client publisher = stage.connect("out");
    for (int qos = 0; qos < 3; qos++) publisher.publish(stage.topic("a/b"), "q" + qos, qos, false);
    mustBe("received", subscriber.texts(3), List.of("q0", "q1", "q2"));
    mustBe("QoS", subscriber.messages(3).stream().map(Message::qos).toList(), List.of(0, 1, 2));
  }

  private static void will(Stage stage) throws Exception {
    Client watcher = stage.connect("watch");
    watcher.subscribe(stage.topic("#"), 1);
    stage.connect("quiet", true, stage.topic("quiet")).disconnect();
    if (!stage.connect("cut", true, stage.topic("cut")).askForWill()) stage.connect("cut", true, null);
    mustBe("wills", watcher.messages(1).stream().map(Message::topic).toList(), List.of(stage.topic("cut")));
  }

  private static void retained(Stage stage) throws Exception {
    Client publisher = stage.connect("out");
    publisher.publish(stage.topic("a"), "first", 1, true);
    publisher.publish(stage.topic("a"), "kept", 1, true);
    publisher.publish(stage.topic("b"), "cleared", 1, true);
    publisher.publish(stage.topic("b"), "", 1, true);
    Client subscriber = stage.connect("in");
    subscriber.subscribe(stage.topic("+"), 1);
    subscriber.messages(1);
    publisher.publish(stage.topic("a"), "end", 1, false);
    mustBe("received", subscriber.texts(2), List.of("kept", "end"));
    mustBe("RETAIN", subscriber.messages(2).stream().map(Message::retain).toList(), List.of(true, false));
  }

  private static void persistentSession(Stage stage) throws Exception {
    Client device = stage.connect("device", false, null);
    device.subscribe(stage.topic("#"), 1);
    device.disconnect();
    Client publisher = stage.connect("out");
    for (String text : List.of("1", "2", "3")) publisher.publish(stage.topic("t"), text, 1, false);
    Client back = stage.connect("device", false, null);
    mustBe("session present", back.sessionPresent, true);
    mustBe("received", back.texts(3), List.of("1", "2", "3"));
  }

  private static void sharedSubscription(Stage stage) throws Exception {
    List<Client> members = List.of(stage.connect("one"), stage.connect("two"));
    List<String> all = new ArrayList<>();
    CompletableFuture<Void> enough = new CompletableFuture<>();
    for (Client member : members) {
      member.onMessage = message -> {
        synchronized (all) {
          all.add(message.text());
          if (all.size() == 20) enough.complete(null);
        }
      };
      member.subscribe("$share/group/" + stage.topic("#"), 1);
    }
    Client publisher = stage.connect("out");
    List<String> wanted = IntStream.range(0, 20).mapToObj(String::valueOf).toList();
    for (String text : wanted) publisher.publish(stage.topic("t/" + text), text, 1, false);
    await(enough);
    mustBe("each once", all.stream().sorted().toList(), wanted.stream().sorted().toList());
    for (Client member : members) member.messages(1);
  }

  private static void requestResponse(Stage stage) throws Exception {
    Client responder = stage.connect("server");
    responder.onMessage = message -> {
      responder.five.publishWith().topic(message.responseTopic()).qos(MqttQos.AT_LEAST_ONCE)
          .correlationData(message.correlation()).payload(bytes("answer to " + message.text())).send();
    };
    responder.subscribe(stage.topic("requests"), 1);
    Client requester = stage.connect("client");
    requester.subscribe(stage.topic("answers"), 1);
    byte[] correlation = {0, 1, -1};
    requester.publish(
        Mqtt5Publish.builder().topic(stage.topic("requests")).responseTopic(stage.topic("answers")).correlationData(correlation),
        "question", 1, false);
    Message answer = requester.messages(1).get(0);
    mustBe("answer", answer.text(), "answer to question");
    mustBe("correlation", ByteBuffer.wrap(answer.correlation()), ByteBuffer.wrap(correlation));
  }

  private static Message messageOf(Mqtt5Publish publish) {
    return new Message(
        publish.getTopic().toString(), new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8),
        publish.getQos().getCode(), publish.isRetain(), publish.getResponseTopic().map(Object::toString).orElse(null),
        publish.getCorrelationData().map(Scenarios::bytesOf).orElse(null));
  }

  private static Message messageOf(Mqtt3Publish publish) {
    return new Message(
        publish.getTopic().toString(), new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8),
        publish.getQos().getCode(), publish.isRetain(), null, null);
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static <T> T await(CompletableFuture<T> future) throws Exception {
    return future.get(TIMEOUT_S, TimeUnit.SECONDS);
  }

  private static void mustBe(String what, Object actual, Object expected) {
    if (!actual.equals(expected)) throw new IllegalStateException(what + ": " + actual + " instead of " + expected);
  }

  private static String text(String name) {
    return found("\"" + name + "\":\"([^\"]*)\"");
  }

  private static int number(String name) {
    return Integer.parseInt(found("\"" + name + "\":(\\d+)"));
  }

  private static String found(String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(task);
    if (!matcher.find()) throw new IllegalArgumentException(pattern);
    return matcher.group(1);
  }

  private static void perform(Job job, String scenario, String name, Scenario play) {
    Stage stage = new Stage(job, name, new ArrayList<>());
    String fault = "";
    try {
      play.play(stage);
    } catch (Exception error) {
      fault = ",\"fault\":\"" + error.toString().replaceAll("[\"\\\\\\n]", " ") + "\"";
    }
    System.out.println("{\"level\":" + job.level() + ",\"transport\":\"" + job.transport() + "\",\"scenario\":\"" + scenario + "\"" + fault + "}");
  }

  public static void main(String[] args) throws Exception {
    task = args[0];
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (FileInputStream file = new FileInputStream(text("caFile"))) {
      store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    authority = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    authority.init(store);
    String classPath = System.getProperty("java.class.path");
    Matcher version = Pattern.compile("hivemq-mqtt-client-([0-9.]+)\\.jar").matcher(
        String.join(" ", new java.io.File(MqttClient.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getName(), classPath));
    System.out.println("{\"version\":\"hivemq-mqtt-client " + (version.find() ? version.group(1) : "") + "\"}");
    Matcher jobs = Pattern.compile("\"level\":(\\d),\"transport\":\"(\\w+)\",\"prefix\":\"(\\w+)\"").matcher(task);
    List<Thread> threads = new ArrayList<>();
    while (jobs.find()) {
      Job job = new Job(Integer.parseInt(jobs.group(1)), jobs.group(2), jobs.group(3));
      threads.add(new Thread(() -> perform(job, "publish and subscribe", "pub", Scenarios::publishAndSubscribe)));
      threads.add(new Thread(() -> perform(job, "will", "will", Scenarios::will)));
      threads.add(new Thread(() -> perform(job, "retained", "kept", Scenarios::retained)));
      threads.add(new Thread(() -> perform(job, "persistent session", "session", Scenarios::persistentSession)));
      threads.add(new Thread(() -> perform(job, "shared subscription", "shared", Scenarios::sharedSubscription)));
      if (job.level() == 5) threads.add(new Thread(() -> perform(job, "request/response", "ask", Scenarios::requestResponse)));
    }
    for (Thread thread : threads) thread.start();
    for (Thread thread : threads) thread.join();
    System.exit(0);
  }
}
