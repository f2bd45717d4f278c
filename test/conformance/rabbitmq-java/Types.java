// The scenario `types` with RabbitMQ's Java client: what it writes, and what it makes of what others wrote.
import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.json.JSONArray;
import org.json.JSONObject;

final class Types {
  private static final byte[] BODY = {0, -1, -128};
  private static final Date TIME = new Date(1_700_000_000_000L);
  private static final BasicProperties PROPERTIES = new BasicProperties.Builder()
      .contentType("text/plain").contentEncoding("utf-8").deliveryMode(1).priority(7).correlationId("correlation")
      .replyTo("replies").expiration("3600000").messageId("id").timestamp(TIME).type("kind").appId("app").build();

  private Types() {}

  /** Of every type that it has: no unsigned numbers. */
  private static Map<String, Object> headers(JSONObject values) {
    Map<String, Object> headers = new HashMap<>();
    for (String name : List.of("text", "empty", "long_text")) headers.put(name, values.getString(name));
    headers.put("yes", true);
    headers.put("no", false);
    headers.put("int8", Byte.valueOf(values.getString("int8")));
    headers.put("int16", Short.valueOf(values.getString("int16")));
    headers.put("int32", Integer.valueOf(values.getString("int32")));
    headers.put("int64", Long.valueOf(values.getString("int64")));
    headers.put("float", Float.valueOf(values.getString("float")));
    headers.put("double", Double.valueOf(values.getString("double")));
    headers.put("decimal", new BigDecimal(values.getString("decimal")));
    headers.put("timestamp", TIME);
    headers.put("bytes", new byte[] {0, 1, -1});
    headers.put("void", null);
    headers.put("table", Map.of("name", "röd", "list", List.of(1, "two")));
    headers.put("array", List.of(1, "two", true, Map.of("deep", List.of())));
    return headers;
  }

  private static String text(Object value) {
    if (value == null) return "null";
    if (value instanceof byte[] bytes) return "x" + HexFormat.of().formatHex(bytes);
    if (value instanceof Date date) return "T" + date.getTime() / 1000;
    if (value instanceof List<?> list) return "[" + String.join(",", list.stream().map(Types::text).toList()) + "]";
    if (value instanceof Map<?, ?> map) {
      List<String> fields = new ArrayList<>();
      new TreeMap<Object, Object>(map).forEach((name, each) -> fields.add(name + "=" + text(each)));
      return "{" + String.join(",", fields) + "}";
    }
    return value.toString();
  }

  static void play(Stage stage, JSONObject task) throws Exception {
    JSONObject values = task.getJSONObject("headers");
    Channel channel = stage.connect(task.getJSONObject("ports").getInt("recorded")).createChannel();
    channel.confirmSelect();
    for (Object reader : task.getJSONArray("readers")) {
      String queue = task.getString("exchange") + "-java-" + reader;
      channel.queueDeclare(queue, true, false, false, null);
      BasicProperties headers = new BasicProperties.Builder().headers(headers(values)).build();
      channel.basicPublish("", queue, headers, "größe".getBytes(StandardCharsets.UTF_8));
      channel.basicPublish("", queue, PROPERTIES, BODY);
      channel.basicPublish("", queue, null, new byte[0]);
    }
    channel.waitForConfirmsOrDie(30_000);
    JSONArray writers = task.getJSONArray("writers");
    for (Object writer : writers) {
      String queue = task.getString("exchange") + "-" + writer + "-java";
      channel.queueDeclare(queue, true, false, false, null);
      Stage.Inbox inbox = Stage.Inbox.open(channel, queue, false);
      Delivery first = inbox.take();
      Stage.mustBe(writer + "'s text", Stage.text(first), "größe");
      Map<String, Object> headers = first.getProperties().getHeaders();
      if (headers.size() < 9) throw new IllegalStateException(writer + ": only " + headers.keySet());
      headers.forEach((name, value) -> Stage.mustBe(writer + "'s " + name, text(value), values.getString(name)));
      Delivery second = inbox.take();
      Stage.mustBe(writer + "'s properties", told(second.getProperties()), told(PROPERTIES));
      Stage.mustBe(writer + "'s body", Arrays.equals(second.getBody(), BODY), true);
      Stage.mustBe(writer + "'s empty body", inbox.take().getBody().length, 0);
    }
  }

  private static List<Object> told(BasicProperties properties) {
    return Arrays.asList(
        properties.getContentType(), properties.getContentEncoding(), properties.getDeliveryMode(), properties.getPriority(),
        properties.getCorrelationId(), properties.getReplyTo(), properties.getExpiration(), properties.getMessageId(),
        properties.getTimestamp(), properties.getType(), properties.getAppId());
  }
}
