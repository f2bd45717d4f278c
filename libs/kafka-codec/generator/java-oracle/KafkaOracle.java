import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.TimestampType;

/**
 * Kafka's own code as the judge of libs/kafka-codec. Answers each line of its input with one line:
 *   message KEY Request|Response VERSION HEX   the message, read and written again; "unknown" for another version's
 *   read HEX                                   the records: OFFSET,TIMESTAMP,KEY,VALUE[,HEADERKEY=VALUE...];...
 *   write MAGIC COMPRESSION OFFSET KEY,VALUE;...   a record set
 * Bytes are hexadecimal, null is "-".
 */
public class KafkaOracle {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder out = new StringBuilder();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            try {
                switch (words[0]) {
                    case "message": out.append(message(words)); break;
                    case "read": out.append(read(HEX.parseHex(words[1]))); break;
                    case "write": out.append(write(words)); break;
                    default: out.append("error what?");
                }
            } catch (Exception e) {
                out.append("error ").append(e.toString().replace('\n', ' '));
            }
            out.append('\n');
        }
        System.out.print(out);
    }

    private static String message(String[] words) {
        short version = Short.parseShort(words[3]);
        ApiMessage message;
        try {
            ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(words[1]));
            message = words[2].equals("Request") ? type.newRequest() : type.newResponse();
        } catch (RuntimeException e) {
            return "unknown";
        }
        if (version < message.lowestSupportedVersion() || version > message.highestSupportedVersion()) return "unknown";
        ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(words[4]));
        message.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) return "error " + bytes.remaining() + " bytes left of " + message;
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer written = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(written), cache, version);
        return HEX.formatHex(written.array());
    }

    private static String read(byte[] bytes) {
        StringBuilder records = new StringBuilder();
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
            batch.ensureValid();
            for (Record record : batch) {
                record.ensureValid();
                records.append(record.offset()).append(',').append(record.timestamp()).append(',');
                records.append(hex(record.key())).append(',').append(hex(record.value()));
                for (Header header : record.headers()) {
                    records.append(',').append(HEX.formatHex(header.key().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
                    records.append('=').append(header.value() == null ? "-" : HEX.formatHex(header.value()));
                }
                records.append(';');
            }
        }
        return records.toString();
    }

    private static String write(String[] words) {
        byte magic = Byte.parseByte(words[1]);
        Compression compression = Compression.of(CompressionType.forId(Integer.parseInt(words[2]))).build();
        long offset = Long.parseLong(words[3]);
        MemoryRecordsBuilder builder = MemoryRecords.builder(
            ByteBuffer.allocate(1024), magic, compression, TimestampType.CREATE_TIME, offset);
        long timestamp = 1700000000000L;
        for (String record : words[4].split(";")) {
            String[] parts = record.split(",");
            builder.append(magic == 0 ? -1 : timestamp++, bytes(parts[0]), bytes(parts[1]));
        }
        ByteBuffer buffer = builder.build().buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HEX.formatHex(bytes);
    }

    private static byte[] bytes(String hex) {
        return hex.equals("-") ? null : HEX.parseHex(hex);
    }

    private static String hex(ByteBuffer buffer) {
        if (buffer == null) return "-";
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HEX.formatHex(bytes);
    }
}
