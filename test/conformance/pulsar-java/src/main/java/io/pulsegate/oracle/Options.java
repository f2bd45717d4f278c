package io.pulsegate.oracle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Positional arguments and `--name value` pairs. */
final class Options {
  private static final Set<String> FLAGS = Set.of("digest", "compacted");
  private final List<String> positional = new ArrayList<>();
  private final Map<String, String> named = new HashMap<>();

  Options(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (!arguments[i].startsWith("--")) {
        positional.add(arguments[i]);
        continue;
      }
      String name = arguments[i].substring(2);
      if (FLAGS.contains(name)) named.put(name, "true");
      else if (i + 1 < arguments.length) named.put(name, arguments[++i]);
      else throw new IllegalArgumentException("--" + name + " needs a value");
    }
  }

  String serviceUrl() {
    return positional.get(0);
  }

  String topic() {
    return positional.get(1);
  }

  String third() {
    if (positional.size() < 3) throw new IllegalArgumentException("a third argument is missing");
    return positional.get(2);
  }

  boolean flag(String name) {
    return named.containsKey(name);
  }

  String text(String name, String otherwise) {
    return named.getOrDefault(name, otherwise);
  }

  long number(String name, long otherwise) {
    String value = named.get(name);
    return value == null ? otherwise : Long.parseLong(value);
  }
}
