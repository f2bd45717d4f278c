package io.pulsegate.oracle;

import java.util.Base64;
import java.util.Map;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.MessageIdAdv;

/** One JSON object, written by hand: a hundred thousand of them take a second. */
final class Line {
  private final StringBuilder text = new StringBuilder(512).append('{');

  Line put(String name, String value) {
    name(name);
    if (value == null) text.append("null");
    else quote(value);
    return this;
  }

  Line put(String name, long value) {
    name(name).append(value);
    return this;
  }

  Line put(String name, double value) {
    name(name).append(Math.round(value * 1000) / 1000.0);
    return this;
  }

  Line put(String name, Long value) {
    name(name).append(value);
    return this;
  }

  Line put(String name, boolean value) {
    name(name).append(value);
    return this;
  }

  Line put(String name, byte[] value) {
    return put(name, value == null ? null : Base64.getEncoder().encodeToString(value));
  }

  Line put(String name, Line value) {
    name(name).append(value);
    return this;
  }

  Line put(String name, Map<String, String> values) {
    Line object = new Line();
    values.forEach(object::put);
    return put(name, object);
  }

  Line put(String name, MessageId messageId) {
    MessageIdAdv id = (MessageIdAdv) messageId;
    Line object = new Line()
        .put("ledgerId", id.getLedgerId())
        .put("entryId", id.getEntryId())
        .put("batchIndex", id.getBatchIndex())
        .put("batchSize", id.getBatchSize())
        .put("partition", id.getPartitionIndex());
    if (id.getFirstChunkMessageId() != null) object.put("firstChunk", id.getFirstChunkMessageId());
    return put(name, object);
  }

  private StringBuilder name(String name) {
    if (text.length() > 1) text.append(',');
    quote(name);
    return text.append(':');
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else if (c < ' ' || Character.isSurrogate(c)) text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    }
    text.append('"');
  }

  @Override
  public String toString() {
    return text + "}";
  }
}
