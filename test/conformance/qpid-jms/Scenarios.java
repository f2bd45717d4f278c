// The scenarios with Qpid JMS, for the argument's jobs; see test/support/amqp-scenario.ts.
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.Topic;
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class Scenarios {
  private static String task;

  private interface Scenario {
    void play(Stage stage) throws Exception;
  }

  private static final Map<String, Scenario> SCENARIOS = Map.ofEntries(
      Map.entry("queue", Scenarios::queue),
      Map.entry("topic", Scenarios::topic),
      Map.entry("durable subscriber", Scenarios::durableSubscriber),
      Map.entry("shared subscriber", Scenarios::sharedSubscriber),
      Map.entry("reply queue", Scenarios::replyQueue),
      Map.entry("selector", Scenarios::selector),
      Map.entry("transaction", Scenarios::transaction),
      Map.entry("acknowledgement", Scenarios::acknowledgement),
      Map.entry("large message", Scenarios::largeMessage),
      Map.entry("delay", Scenarios::delay),
      Map.entry("browser", Scenarios::browser),
      Map.entry("types", Scenarios::types));

  private static void queue(Stage stage) throws Exception {
    List<MessageConsumer> members = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Session session = stage.connect(null, "&jms.prefetchPolicy.queuePrefetch=5").createSession(false, Session.AUTO_ACKNOWLEDGE);
      members.add(session.createConsumer(stage.queue(session, "q")));
    }
    Session session = stage.session();
    Queue queue = stage.queue(session, "q");
    List<String> wanted = new ArrayList<>(IntStream.range(0, 20).mapToObj(i -> "m" + (100 + i)).toList());
    Stage.send(session, queue, wanted.toArray(String[]::new));
    List<String> all = new ArrayList<>();
    for (MessageConsumer member : members) all.add(Stage.text(member));
    while (all.size() < wanted.size()) {
      for (MessageConsumer member : members) {
        Message message = member.receive(50);
        if (message != null) all.add(message.getBody(String.class));
      }
    }
    for (MessageConsumer member : members) member.close();
    Collections.sort(all);
    Stage.mustBe("each once", all, wanted);
    Stage.send(session, queue, "end");
    Stage.mustBe("left", Stage.text(session.createConsumer(queue)), "end");
  }

  private static void topic(Stage stage) throws Exception {
    List<MessageConsumer> subscribers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Session session = stage.session();
      subscribers.add(session.createConsumer(stage.topic(session, "t")));
    }
    Session session = stage.session();
    Topic topic = stage.topic(session, "t");
    Stage.send(session, topic, "1", "2", "3");
    for (MessageConsumer subscriber : subscribers) Stage.mustBe("received", Stage.texts(subscriber, 3), List.of("1", "2", "3"));
    subscribers.add(session.createConsumer(topic));
    Stage.send(session, topic, "end");
    for (MessageConsumer subscriber : subscribers) Stage.mustBe("at the end", Stage.text(subscriber), "end");
  }

  private static void durableSubscriber(Stage stage) throws Exception {
    Connection connection = stage.connect("durable", "");
    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    Topic topic = stage.topic(session, "t");
    session.createDurableConsumer(topic, "sub");
    connection.close();
    Session publisher = stage.session();
    Stage.send(publisher, topic, "1", "2", "3");
    session = stage.connect("durable", "").createSession(false, Session.AUTO_ACKNOWLEDGE);
    MessageConsumer back = session.createDurableConsumer(topic, "sub");
    Stage.mustBe("received", Stage.texts(back, 3), List.of("1", "2", "3"));
    back.close();
    Stage.send(publisher, topic, "4");
    session.unsubscribe("sub");
    back = session.createDurableConsumer(topic, "sub");
    Stage.send(publisher, topic, "5");
    Stage.mustBe("after unsubscribe", Stage.text(back), "5");
  }

  private static void sharedSubscriber(Stage stage) throws Exception {
    for (boolean durable : new boolean[] {true, false}) {
      String name = stage.address(durable ? "durable" : "shared");
      List<MessageConsumer> members = new ArrayList<>();
      Session publisher = stage.session();
      Topic topic = stage.topic(publisher, durable ? "d" : "t");
      for (int i = 0; i < 2; i++) {
        Session session = stage.connect(null, "&jms.prefetchPolicy.all=5").createSession(false, Session.AUTO_ACKNOWLEDGE);
        members.add(durable ? session.createSharedDurableConsumer(topic, name) : session.createSharedConsumer(topic, name));
      }
      List<String> wanted = IntStream.range(0, 20).mapToObj(i -> "m" + (100 + i)).toList();
      Stage.send(publisher, topic, wanted.toArray(String[]::new));
      List<String> all = new ArrayList<>();
      for (MessageConsumer member : members) all.add(Stage.text(member));
      while (all.size() < wanted.size()) {
        for (MessageConsumer member : members) {
          Message message = member.receive(50);
          if (message != null) all.add(message.getBody(String.class));
        }
      }
      Collections.sort(all);
      Stage.mustBe("each once", all, wanted);
      for (MessageConsumer member : members) member.close();
      if (!durable) continue;
      Stage.send(publisher, topic, "away");
      Stage.mustBe("while away", Stage.text(publisher.createSharedDurableConsumer(topic, name)), "away");
    }
  }

  private static void replyQueue(Stage stage) throws Exception {
    Session responder = stage.session();
    Queue requests = stage.queue(responder, "requests");
    MessageProducer anywhere = responder.createProducer(null);
    responder.createConsumer(requests).setMessageListener(request -> {
      try {
        var answer = responder.createTextMessage("answer to " + request.getBody(String.class));
        answer.setJMSCorrelationID(request.getJMSMessageID());
        anywhere.send(request.getJMSReplyTo(), answer);
      } catch (Exception error) {
        System.err.println("responder: " + error);
      }
    });
    Session session = stage.session();
    TemporaryQueue answers = session.createTemporaryQueue();
    MessageConsumer consumer = session.createConsumer(answers);
    var question = session.createTextMessage("question");
    question.setJMSReplyTo(answers);
    session.createProducer(requests).send(question);
    Message answer = Stage.receive(consumer);
    Stage.mustBe("answer", answer.getBody(String.class), "answer to question");
    Stage.mustBe("correlation", answer.getJMSCorrelationID(), question.getJMSMessageID());
    consumer.close();
    answers.delete();
  }

  private static void selector(Stage stage) throws Exception {
    Session session = stage.session();
    Queue queue = stage.queue(session, "q");
    Topic topic = stage.topic(session, "t");
    String chosen = "colour = 'red' AND size BETWEEN 2 AND 5 OR JMSType LIKE 'spe%'";
    MessageConsumer onTopic = session.createConsumer(topic, chosen);
    MessageConsumer onQueue = session.createConsumer(queue, chosen);
    for (var destination : List.of(topic, queue)) {
      MessageProducer producer = session.createProducer(destination);
      for (int i = 0; i < 4; i++) {
        var message = session.createTextMessage("m" + i);
        message.setStringProperty("colour", i % 2 == 0 ? "red" : "blue");
        message.setIntProperty("size", i);
        if (i == 3) message.setJMSType("special");
        producer.send(message);
      }
    }
    Stage.mustBe("topic", Stage.texts(onTopic, 2), List.of("m2", "m3"));
    List<String> matched = new ArrayList<>(Stage.texts(onQueue, 2));
    Collections.sort(matched);
    Stage.mustBe("queue", matched, List.of("m2", "m3"));
    onQueue.close();
    List<String> left = new ArrayList<>(Stage.texts(session.createConsumer(queue), 2));
    Collections.sort(left);
    Stage.mustBe("left in the queue", left, List.of("m0", "m1"));
  }

  private static void transaction(Stage stage) throws Exception {
    Session plain = stage.session();
    Session session = stage.connect().createSession(true, Session.SESSION_TRANSACTED);
    Queue queue = stage.queue(session, "q");
    MessageConsumer consumer = plain.createConsumer(queue);
    MessageProducer producer = session.createProducer(queue);
    producer.send(session.createTextMessage("rolled back"));
    session.rollback();
    producer.send(session.createTextMessage("1"));
    producer.send(session.createTextMessage("2"));
    session.commit();
    Stage.mustBe("committed", Stage.texts(consumer, 2), List.of("1", "2"));
    consumer.close();
    Stage.send(plain, queue, "3", "4");
    MessageConsumer inside = session.createConsumer(queue);
    Stage.mustBe("before rollback", Stage.texts(inside, 2), List.of("3", "4"));
    session.rollback();
    List<Message> again = List.of(Stage.receive(inside), Stage.receive(inside));
    Stage.mustBe("after rollback", again.stream().map(Scenarios::textOf).toList(), List.of("3", "4"));
    Stage.mustBe("redelivered", again.get(0).getJMSRedelivered(), true);
    session.commit();
    inside.close();
    Stage.send(plain, queue, "end");
    Stage.mustBe("left", Stage.text(plain.createConsumer(queue)), "end");
  }

  private static void acknowledgement(Stage stage) throws Exception {
    Session session = stage.connect().createSession(false, Session.CLIENT_ACKNOWLEDGE);
    Queue queue = stage.queue(session, "q");
    MessageConsumer consumer = session.createConsumer(queue);
    Stage.send(session, queue, "1", "2", "3");
    Stage.mustBe("received", Stage.texts(consumer, 3), List.of("1", "2", "3"));
    session.recover();
    List<Message> again = List.of(Stage.receive(consumer), Stage.receive(consumer), Stage.receive(consumer));
    Stage.mustBe("after recover", again.stream().map(Scenarios::textOf).toList(), List.of("1", "2", "3"));
    Stage.mustBe("redelivered", again.get(0).getJMSRedelivered(), true);
    Stage.mustBe("delivery count", again.get(0).getIntProperty("JMSXDeliveryCount"), 2);
    again.get(2).acknowledge();
    Stage.send(session, queue, "4");
    Stage.mustBe("after acknowledge", Stage.text(consumer), "4");
    stage.end();
    Session after = stage.session();
    Message left = Stage.receive(after.createConsumer(queue));
    Stage.mustBe("unacknowledged", textOf(left), "4");
    Stage.mustBe("unacknowledged is redelivered", left.getJMSRedelivered(), true);
  }

  private static void largeMessage(Stage stage) throws Exception {
    byte[] bytes = new byte[number("largeBytes")];
    new Random(1).nextBytes(bytes);
    Session session = stage.session();
    Queue queue = stage.queue(session, "q");
    BytesMessage message = session.createBytesMessage();
    message.writeBytes(bytes);
    session.createProducer(queue).send(message);
    Message received = Stage.receive(session.createConsumer(queue));
    Stage.mustBe("equal", Arrays.equals(received.getBody(byte[].class), bytes), true);
  }

  private static void delay(Stage stage) throws Exception {
    Session session = stage.session();
    Queue queue = stage.queue(session, "q");
    MessageConsumer consumer = session.createConsumer(queue);
    MessageProducer producer = session.createProducer(queue);
    producer.setDeliveryDelay(1_500);
    long sent = System.currentTimeMillis();
    producer.send(session.createTextMessage("late"));
    producer.setDeliveryDelay(0);
    producer.send(session.createTextMessage("now"));
    Map<String, Long> arrived = new TreeMap<>();
    for (int i = 0; i < 2; i++) arrived.put(Stage.text(consumer), System.currentTimeMillis());
    Stage.mustBe("received", List.copyOf(arrived.keySet()), List.of("late", "now"));
    Stage.mustBe("waited", arrived.get("late") - sent >= 1_400, true);
  }

  private static void browser(Stage stage) throws Exception {
    Session session = stage.session();
    Queue queue = stage.queue(session, "q");
    Stage.send(session, queue, "1", "2", "3");
    QueueBrowser browser = session.createBrowser(queue);
    List<String> seen = new ArrayList<>();
    for (Object message : Collections.list(browser.getEnumeration())) seen.add(textOf((Message) message));
    browser.close();
    Stage.mustBe("seen", seen, List.of("1", "2", "3"));
    Stage.mustBe("still there", Stage.texts(session.createConsumer(queue), 3), List.of("1", "2", "3"));
  }

  private static void types(Stage stage) throws Exception {
    Session session = stage.session();
    for (String reader : names("readers")) {
      MessageProducer producer = session.createProducer(session.createQueue(text("exchange") + "-jms-" + reader));
      for (Message message : Stage.values(session)) producer.send(message);
    }
    for (String writer : names("writers")) {
      MessageConsumer consumer = session.createConsumer(session.createQueue(text("exchange") + "-" + writer + "-jms"));
      for (int place = 0; place < 5; place++) Stage.mustBeValues(writer, Stage.receive(consumer), place);
      consumer.close();
    }
  }

  private static String textOf(Message message) {
    try {
      return message.getBody(String.class);
    } catch (Exception error) {
      return error.toString();
    }
  }

  private static String text(String name) {
    return found("\"" + name + "\":\"([^\"]*)\"");
  }

  private static int number(String name) {
    return Integer.parseInt(found("\"" + name + "\":(\\d+)"));
  }

  private static List<String> names(String name) {
    return Arrays.asList(found("\"" + name + "\":\\[([^\\]]*)\\]").replace("\"", "").split(","));
  }

  private static String found(String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(task);
    if (!matcher.find()) throw new IllegalArgumentException(pattern);
    return matcher.group(1);
  }

  private static void perform(Stage.Place place, String scenario, String name, Scenario play) {
    Stage stage = new Stage(place, name);
    String fault = "";
    CompletableFuture<Void> played = CompletableFuture.runAsync(() -> {
      try {
        play.play(stage);
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }, task -> new Thread(task).start());
    try {
      played.get(2 * Stage.TIMEOUT_MS, TimeUnit.MILLISECONDS);
    } catch (Exception error) {
      Throwable cause = error;
      while (cause.getCause() != null) cause = cause.getCause();
      fault = ",\"fault\":\"" + cause.toString().replaceAll("[\"\\\\\\n]", " ") + "\"";
    }
    System.out.println("{\"transport\":\"" + place.transport() + "\",\"scenario\":\"" + scenario + "\"" + fault + "}");
    stage.end();
  }

  private static SSLContext tls() throws Exception {
    String file = text("caFile");
    if (file.isEmpty()) return null;
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (FileInputStream authority = new FileInputStream(file)) {
      store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(authority));
    }
    TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trusted.getTrustManagers(), null);
    return context;
  }

  public static void main(String[] args) throws Exception {
    task = args[0];
    Matcher version = Pattern.compile("qpid-jms-client-([0-9.]+)\\.jar").matcher(
        new java.io.File(org.apache.qpid.jms.JmsConnectionFactory.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getName());
    System.out.println("{\"version\":\"qpid-jms-client " + (version.find() ? version.group(1) : "") + "\"}");
    SSLContext tls = tls();
    Matcher jobs = Pattern.compile("\"transport\":\"(\\w+)\",\"prefix\":\"(\\w+)\",\"scenarios\":\"([^\"]*)\"").matcher(task);
    List<Thread> threads = new ArrayList<>();
    while (jobs.find()) {
      Stage.Place place = new Stage.Place(
          jobs.group(1), jobs.group(2), text("host"), number(jobs.group(1)), text("path"), text("user"), text("password"), tls);
      for (String scenario : jobs.group(3).split(",")) {
        threads.add(new Thread(() -> perform(place, scenario, scenario.replace(' ', '-'), SCENARIOS.get(scenario))));
      }
    }
    for (Thread thread : threads) thread.start();
    for (Thread thread : threads) thread.join();
    System.exit(0);
  }
}
