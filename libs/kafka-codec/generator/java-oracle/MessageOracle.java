import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Kafka's own message classes as the judge of libs/kafka-codec. Answers each line
 *   KEY Request|Response VERSION HEX
 * with the hexadecimal bytes of the message, read and written again; "unknown" for an API or version it does not have.
 */
public class MessageOracle {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder out = new StringBuilder();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            try {
                out.append(message(words));
            } catch (Exception e) {
                out.append("error ").append(e.toString().replace('\n', ' '));
            }
            out.append('\n');
        }
        System.out.print(out);
    }

    private static String message(String[] words) {
        short version = Short.parseShort(words[2]);
        ApiMessage message;
        try {
            ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(words[0]));
            message = words[1].equals("Request") ? type.newRequest() : type.newResponse();
        } catch (RuntimeException e) {
            return "unknown";
        }
        if (version < message.lowestSupportedVersion() || version > message.highestSupportedVersion()) return "unknown";
        ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(words[3]));
        message.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) return "error " + bytes.remaining() + " bytes left of " + message;
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer written = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(written), cache, version);
        return HEX.formatHex(written.array());
    }
}
