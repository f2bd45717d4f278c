import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.TimestampType;

/**
 * Kafka's own record classes (of 3.9, the last that writes old message sets) as the judge of libs/kafka-codec.
 * Answers each line
 *   read HEX                                      the records: OFFSET,TIMESTAMP,KEY,VALUE[,HEADERKEY=VALUE...];...
 *   write MAGIC COMPRESSION OFFSET KEY,VALUE;...  a record set
 * Bytes are hexadecimal, null is "-".
 */
public class RecordOracle {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder out = new StringBuilder();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            try {
                out.append(words[0].equals("read") ? read(HEX.parseHex(words[1])) : write(words));
            } catch (Exception e) {
                out.append("error ").append(e.toString().replace('\n', ' '));
            }
            out.append('\n');
        }
        System.out.print(out);
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
                    records.append(',').append(HEX.formatHex(header.key().getBytes(StandardCharsets.UTF_8)));
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
            String[] parts = record.split(",", -1);
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
