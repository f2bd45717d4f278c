import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.auth.SaslExtensionsCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * The identity client for kafka-clients from 2.7 on (PEM files).
 * Arguments: job file (its format: test/support/identity-job.ts), bootstrap, file of the authority, own name.
 */
public class IdentityClient {
  private static final String SECURITY = "org.apache.kafka.common.security.";

  public static void main(String[] args) throws Exception {
    System.out.println("client " + AppInfoParser.getVersion());
    for (String line : Files.readAllLines(Paths.get(args[0]))) System.out.println(serve(line.split(" "), args));
  }

  private static String serve(String[] job, String[] args) {
    List<String> answer = new ArrayList<>(List.of(job[1]));
    String told = "";
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings(job, args))) {
      for (String topic : List.of(job[8], job[9])) {
        try {
          long end = 0;
          do {
            producer.send(new ProducerRecord<>(topic, args[3] + "/" + job[1])).get(3 * Integer.parseInt(job[11]), TimeUnit.MILLISECONDS);
            // Busy machines take their time to connect, which is not the session's.
            if (end == 0) end = System.currentTimeMillis() + (topic.equals(job[8]) ? Long.parseLong(job[10]) : 0);
            if (System.currentTimeMillis() < end) Thread.sleep(250);
          } while (System.currentTimeMillis() < end);
          answer.add("written");
        } catch (Exception error) {
          Throwable cause = error.getCause() == null ? error : error.getCause();
          answer.add(outcome(cause));
          told = cause.toString().replace('\n', ' ');
        }
      }
    } catch (Exception error) {
      return job[1] + " failed failed " + error + " " + error.getCause();
    }
    answer.add(told);
    return String.join(" ", answer);
  }

  private static String outcome(Throwable error) {
    if (error instanceof AuthenticationException) return "unauthenticated";
    if (error instanceof TopicAuthorizationException) return "forbidden";
    return error instanceof TimeoutException ? "refused" : "failed";
  }

  private static Properties settings(String[] job, String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[1]);
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", StringSerializer.class.getName());
    int tryMs = Integer.parseInt(job[11]);
    settings.put("max.block.ms", String.valueOf(tryMs));
    settings.put("request.timeout.ms", String.valueOf(tryMs));
    settings.put("delivery.timeout.ms", String.valueOf(2 * tryMs));
    settings.put("security.protocol", job[2].equals("-") ? "SSL" : "SASL_SSL");
    settings.put("ssl.truststore.type", "PEM");
    settings.put("ssl.truststore.certificates", Files.readString(Paths.get(args[2])));
    if (!job[6].equals("-")) {
      settings.put("ssl.keystore.type", "PEM");
      settings.put("ssl.keystore.certificate.chain", Files.readString(Paths.get(text(job[6]))));
      settings.put("ssl.keystore.key", Files.readString(Paths.get(text(job[7]))));
    }
    if (job[2].equals("-")) return settings;
    settings.put("sasl.mechanism", job[2]);
    if (job[2].equals("OAUTHBEARER")) {
      settings.put("sasl.jaas.config", module("oauthbearer.OAuthBearerLoginModule", "token", text(job[5])));
      settings.put("sasl.login.callback.handler.class", TokenOfJob.class.getName());
    } else {
      String login = job[2].equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
      settings.put(
          "sasl.jaas.config", module(login, "username", text(job[3]), "password", text(job[4])));
    }
    return settings;
  }

  private static String module(String name, String... options) {
    StringBuilder text = new StringBuilder(SECURITY).append(name).append(" required");
    for (int i = 0; i < options.length; i += 2) {
      text.append(' ').append(options[i]).append("=\"").append(options[i + 1]).append('"');
    }
    return text.append(';').toString();
  }

  private static String text(String word) {
    return new String(Base64.getDecoder().decode(word.substring(1)), StandardCharsets.UTF_8);
  }

  /** Gives the token that the login module was configured with, as an application gives one that it fetched. */
  public static class TokenOfJob implements AuthenticateCallbackHandler {
    private String token;

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
      token = (String) entries.get(0).getOptions().get("token");
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
      for (Callback each : callbacks) {
        if (each instanceof OAuthBearerTokenCallback) ((OAuthBearerTokenCallback) each).token(bearer());
        else if (!(each instanceof SaslExtensionsCallback)) throw new UnsupportedCallbackException(each);
      }
    }

    @Override
    public void close() {}

    private OAuthBearerToken bearer() {
      long now = System.currentTimeMillis();
      return new OAuthBearerToken() {
        @Override
        public String value() {
          return token;
        }

        @Override
        public Set<String> scope() {
          return Set.of();
        }

        @Override
        public long lifetimeMs() {
          return now + 3_600_000;
        }

        @Override
        public String principalName() {
          return "whoever-the-token-names";
        }

        @Override
        public Long startTimeMs() {
          return now;
        }
      };
    }
  }
}
