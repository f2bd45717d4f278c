// The connections and addresses of one scenario, and the values that the clients exchange.
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TextMessage;
import jakarta.jms.Topic;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.apache.qpid.jms.JmsConnectionFactory;

final class Stage {
  static final int TIMEOUT_MS = 20_000;
  private static final String OPTIONS =
      "?jms.connectTimeout=20000&jms.requestTimeout=20000&jms.sendTimeout=20000&jms.closeTimeout=5000&amqp.idleTimeout=60000";

  /** Where clients connect, from the task. */
  record Place(String transport, String prefix, String host, int port, String path, String user, String password, SSLContext tls) {
    String uri() {
      return switch (transport) {
        case "tls" -> "amqps://" + host + ":" + port;
        case "ws" -> "amqpws://" + host + ":" + port + path;
        case "wss" -> "amqpwss://" + host + ":" + port + path;
        default -> "amqp://" + host + ":" + port;
      } + OPTIONS;
    }
  }

  final Place place;
  private final String name;
  private final List<Connection> connections = new ArrayList<>();

  Stage(Place place, String name) {
    this.place = place;
    this.name = name;
  }

  Connection connect() throws JMSException {
    return connect(null, "");
  }

  /** Over TLS with user and password, by the strongest mechanism that both have. */
  Connection connect(String clientId, String options) throws JMSException {
    JmsConnectionFactory factory = new JmsConnectionFactory(place.uri() + options);
    factory.setSslContext(place.tls());
    Connection connection =
        place.transport().equals("tls") || place.transport().equals("wss")
            ? factory.createConnection(place.user(), place.password())
            : factory.createConnection();
    synchronized (connections) {
      connections.add(connection);
    }
    if (clientId != null) connection.setClientID(address(clientId));
    connection.start();
    return connection;
  }

  Session session() throws JMSException {
    return connect().createSession(false, Session.AUTO_ACKNOWLEDGE);
  }

  String address(String rest) {
    return place.prefix() + "-" + name + "-" + rest;
  }

  Queue queue(Session session, String rest) throws JMSException {
    return session.createQueue(address(rest));
  }

  Topic topic(Session session, String rest) throws JMSException {
    return session.createTopic(address(rest));
  }

  void end() {
    synchronized (connections) {
      for (Connection connection : connections) {
        try {
          connection.close();
        } catch (JMSException gone) {
          // It is closed already.
        }
      }
    }
  }

  static void send(Session session, jakarta.jms.Destination destination, String... texts) throws JMSException {
    try (var producer = session.createProducer(destination)) {
      for (String text : texts) producer.send(session.createTextMessage(text));
    }
  }

  static Message receive(MessageConsumer consumer) throws JMSException {
    Message message = consumer.receive(TIMEOUT_MS);
    if (message == null) throw new IllegalStateException("takes too long: a message");
    return message;
  }

  static String text(MessageConsumer consumer) throws JMSException {
    return receive(consumer).getBody(String.class);
  }

  static List<String> texts(MessageConsumer consumer, int count) throws JMSException {
    List<String> texts = new ArrayList<>();
    while (texts.size() < count) texts.add(text(consumer));
    return texts;
  }

  static void mustBe(String what, Object actual, Object expected) {
    if (!actual.equals(expected)) throw new IllegalStateException(what + ": " + actual + " instead of " + expected);
  }

  /** Of every kind that Jakarta Messaging has, each with a property of every type. The other clients write and expect the same. */
  static List<Message> values(Session session) throws JMSException {
    TextMessage text = session.createTextMessage("größe");
    BytesMessage bytes = session.createBytesMessage();
    bytes.writeBytes(new byte[] {0, 1, -1});
    MapMessage map = session.createMapMessage();
    map.setString("name", "röd");
    map.setLong("count", 5L);
    StreamMessage stream = session.createStreamMessage();
    stream.writeInt(1);
    stream.writeString("two");
    List<Message> all = List.of(text, bytes, map, stream, session.createMessage());
    for (Message message : all) {
      message.setBooleanProperty("boolean", true);
      message.setByteProperty("byte", (byte) -7);
      message.setShortProperty("short", (short) -300);
      message.setIntProperty("int", 70_000);
      message.setLongProperty("long", 1L << 40);
      message.setFloatProperty("float", 1.5f);
      message.setDoubleProperty("double", -2.25);
      message.setStringProperty("string", "größe");
      message.setJMSType("kind");
      message.setJMSCorrelationID("correlation");
    }
    return all;
  }

  static void mustBeValues(String writer, Message message, int place) throws JMSException {
    String what = writer + "'s " + List.of("text", "bytes", "map", "stream", "empty").get(place);
    mustBe(what + " property boolean", message.getObjectProperty("boolean"), true);
    mustBe(what + " property byte", message.getObjectProperty("byte"), (byte) -7);
    mustBe(what + " property short", message.getObjectProperty("short"), (short) -300);
    mustBe(what + " property int", message.getObjectProperty("int"), 70_000);
    mustBe(what + " property long", message.getObjectProperty("long"), 1L << 40);
    mustBe(what + " property float", message.getObjectProperty("float"), 1.5f);
    mustBe(what + " property double", message.getObjectProperty("double"), -2.25);
    mustBe(what + " property string", message.getObjectProperty("string"), "größe");
    mustBe(what + " type", message.getJMSType(), "kind");
    mustBe(what + " correlation", message.getJMSCorrelationID(), "correlation");
    switch (place) {
      case 0 -> mustBe(what, ((TextMessage) message).getText(), "größe");
      case 1 -> {
        byte[] bytes = message.getBody(byte[].class);
        mustBe(what, java.util.HexFormat.of().formatHex(bytes), "0001ff");
      }
      case 2 -> {
        mustBe(what + " name", ((MapMessage) message).getObject("name"), "röd");
        mustBe(what + " count", ((MapMessage) message).getObject("count"), 5L);
      }
      case 3 -> mustBe(what, List.of(((StreamMessage) message).readObject(), ((StreamMessage) message).readObject()), List.of(1, "two"));
      default -> mustBe(what, message.getClass().getSimpleName(), "JmsMessage");
    }
  }
}
