// The connections and names of one scenario with RabbitMQ's Java client.
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Envelope;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.json.JSONObject;

final class Stage {
  private static final int TIMEOUT_MS = 30_000;

  /** The messages of one consumer, in their order. */
  static final class Inbox extends DefaultConsumer {
    final BlockingQueue<Delivery> arrived = new LinkedBlockingQueue<>();
    final CountDownLatch cancelled = new CountDownLatch(1);

    Inbox(Channel channel) {
      super(channel);
    }

    static Inbox open(Channel channel, String queue, boolean autoAck) throws IOException {
      Inbox inbox = new Inbox(channel);
      channel.basicConsume(queue, autoAck, inbox);
      return inbox;
    }

    @Override
    public void handleDelivery(String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
      arrived.add(new Delivery(envelope, properties, body));
    }

    @Override
    public void handleCancel(String tag) {
      cancelled.countDown();
    }

    Delivery receive() throws Exception {
      Delivery delivery = arrived.poll(TIMEOUT_MS, TimeUnit.MILLISECONDS);
      if (delivery == null) throw new IllegalStateException("takes too long: a message");
      return delivery;
    }

    /** Acknowledged one by one. */
    Delivery take() throws Exception {
      Delivery delivery = receive();
      getChannel().basicAck(delivery.getEnvelope().getDeliveryTag(), false);
      return delivery;
    }

    List<String> texts(int count) throws Exception {
      List<String> texts = new ArrayList<>();
      while (texts.size() < count) texts.add(text(take()));
      return texts;
    }
  }

  private final JSONObject task;
  private final JSONObject job;
  private final String name;
  private final List<Connection> connections = new ArrayList<>();
  private final Map<Connection, Socket> sockets = new IdentityHashMap<>();

  Stage(JSONObject task, JSONObject job, String name) {
    this.task = task;
    this.job = job;
    this.name = name;
  }

  Connection connect() throws Exception {
    return connect(task.getJSONObject("ports").getInt(job.getString("transport")));
  }

  Connection connect(int port) throws Exception {
    boolean tls = job.getString("transport").equals("tls");
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(task.getString("host"));
    factory.setPort(port);
    factory.setAutomaticRecoveryEnabled(false);
    if (tls) {
      factory.setUsername(task.getString("user"));
      factory.setPassword(task.getString("password"));
      factory.useSslProtocol(tlsOf(task.getString("caFile")));
      factory.enableHostnameVerification();
    }
    Socket[] opened = new Socket[1];
    var configurator = factory.getSocketConfigurator();
    factory.setSocketConfigurator(socket -> {
      if (configurator != null) configurator.configure(socket);
      opened[0] = socket;
    });
    Connection connection = factory.newConnection();
    synchronized (connections) {
      connections.add(connection);
      sockets.put(connection, opened[0]);
    }
    return connection;
  }

  private static SSLContext tlsOf(String caFile) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (FileInputStream file = new FileInputStream(caFile)) {
      store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    return tls;
  }

  Channel channel() throws Exception {
    return connect().createChannel();
  }

  Channel confirming() throws Exception {
    Channel channel = channel();
    channel.confirmSelect();
    return channel;
  }

  /** As if its process had been killed. */
  void cut(Connection connection) throws IOException {
    sockets.get(connection).close();
  }

  String named(String rest) {
    return job.getString("prefix") + "-" + name + "-" + rest;
  }

  void end() {
    for (Connection connection : connections) connection.abort(2_000);
  }

  /** Confirmed all. */
  static void send(Channel channel, String exchange, String key, String... texts) throws Exception {
    for (String text : texts) channel.basicPublish(exchange, key, null, text.getBytes(StandardCharsets.UTF_8));
    channel.waitForConfirmsOrDie(TIMEOUT_MS);
  }

  static String text(Delivery delivery) {
    return new String(delivery.getBody(), StandardCharsets.UTF_8);
  }

  static void until(String what, Callable<Boolean> condition) throws Exception {
    for (long end = System.currentTimeMillis() + TIMEOUT_MS; !condition.call(); Thread.sleep(20)) {
      if (System.currentTimeMillis() > end) throw new IllegalStateException("takes too long: " + what);
    }
  }

  static void mustBe(String what, Object actual, Object expected) {
    if (!actual.equals(expected)) throw new IllegalStateException(what + ": " + actual + " instead of " + expected);
  }
}
