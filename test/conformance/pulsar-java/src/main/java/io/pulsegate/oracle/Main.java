package io.pulsegate.oracle;

import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.PulsarClientException;

/** The official Pulsar client on the command line. One JSON object per line on standard output; errors end with code 1. */
public final class Main {
  private static final String USAGE = """
      write <serviceUrl> <topic> <spec.json>
      read  <serviceUrl> <topic> <count|all> [--timeout-ms 30000] [--digest] [--compacted]
      flood <serviceUrl> <topic> [--rate 100] [--size 100] [--batch 1] [--count n] [--name text]   (ends with its input)
      perf  <serviceUrl> <topic> [--records 200000] [--warmup 50000] [--size 1024] [--rate 0] [--runs 1]
            [--admin-url url --partitions n] [--compression NONE] [--batch-bytes 131072] [--batch-delay-ms 1]
      read-perf <serviceUrl> <topic> [--records 200000]
      latency <serviceUrl> <topic> [--records 20000] [--warmup 10000] [--size 1024] [--rate 1000] [--batch-delay-ms 1]
      serve   (each line of its input is the words of a `read` or `write` in JSON; after the lines of each it says {"end":true})
      """;

  private static final Map<String, PulsarClient> CLIENTS = new HashMap<>();

  public static void main(String[] arguments) {
    try {
      if (arguments.length == 1 && arguments[0].equals("serve")) serve();
      else run(arguments);
      System.out.flush();
      // Pulsar's threads would keep the process for seconds.
      Runtime.getRuntime().halt(0);
    } catch (Throwable error) {
      System.out.flush();
      System.err.println(error);
      for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) System.err.println(cause);
      Runtime.getRuntime().halt(1);
    }
  }

  private static void serve() throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      run(new Gson().fromJson(line, String[].class));
      System.out.println(new Line().put("end", true));
      System.out.flush();
    }
  }

  private static void run(String[] arguments) throws Exception {
    if (arguments.length < 3) throw new IllegalArgumentException("usage:\n" + USAGE);
    Options options = new Options(Arrays.copyOfRange(arguments, 1, arguments.length));
    switch (arguments[0]) {
      case "write" -> Write.run(options);
      case "read" -> Read.run(options);
      case "flood" -> Flood.run(options);
      case "perf" -> Perf.run(options);
      case "read-perf" -> ReadPerf.run(options);
      case "latency" -> Latency.run(options);
      default -> throw new IllegalArgumentException("usage:\n" + USAGE);
    }
  }

  /** The one for this place; it is open as long as the process. */
  static PulsarClient client(String serviceUrl) throws PulsarClientException {
    PulsarClient client = CLIENTS.get(serviceUrl);
    if (client == null) {
      client = PulsarClient.builder().serviceUrl(serviceUrl).build();
      CLIENTS.put(serviceUrl, client);
    }
    return client;
  }

  private Main() {}
}
