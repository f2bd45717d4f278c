import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.common.utils.Exit;

/**
 * Kafka's tools, one after the other in one process. Each line of its input is `{"main":class,"args":[...],"input":text}`;
 * it answers `{"exitCode":n,"output":text}` with what the tool wrote to both streams, then `{"end":true}`.
 */
public final class ToolServer {
  /** Instead of the end of the process. */
  private static final class Exited extends Error {}

  private static ByteArrayOutputStream said = new ByteArrayOutputStream();
  private static Integer exitCode;

  private static void exit(int code, String message) {
    if (exitCode == null) exitCode = code;
    throw new Exited();
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream answers = System.out;
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    ObjectMapper json = new ObjectMapper();
    Exit.setExitProcedure(ToolServer::exit);
    Exit.setHaltProcedure(ToolServer::exit);
    Exit.setShutdownHookAdder((name, hook) -> {});
    // Loggers keep the stream that they find first.
    PrintStream both = new PrintStream(new OutputStream() {
      @Override
      public void write(int one) {
        said.write(one);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        said.write(bytes, offset, length);
      }
    }, true, StandardCharsets.UTF_8);
    System.setOut(both);
    System.setErr(both);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode request = json.readTree(line);
      said = new ByteArrayOutputStream();
      exitCode = null;
      System.setIn(new ByteArrayInputStream(request.get("input").asText().getBytes(StandardCharsets.UTF_8)));
      run(request.get("main").asText(), json.treeToValue(request.get("args"), String[].class));
      both.flush();
      answers.println(json.writeValueAsString(
          Map.of("exitCode", exitCode == null ? 0 : exitCode, "output", said.toString(StandardCharsets.UTF_8))));
      answers.println("{\"end\":true}");
      answers.flush();
    }
  }

  private static void run(String main, String[] arguments) throws Exception {
    try {
      Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) arguments);
    } catch (InvocationTargetException thrown) {
      if (thrown.getCause() instanceof Exited) return;
      thrown.getCause().printStackTrace();
      if (exitCode == null) exitCode = 1;
    }
  }

  private ToolServer() {}
}
