const tlsRecordTypes = new Set([0x14, 0x15, 0x16, 0x17]);
const texts: readonly (readonly [RegExp, string])[] = [
  [/^(?:GET|PUT|POST|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE|PRI) /, 'HTTP'],
  [/^SSH-/, 'SSH'],
  [/^AMQP/, 'AMQP'],
  [/^PROXY |^\r\n\r\n\0\r\nQ/, 'a PROXY protocol header'],
];

/** What a client that sent these first bytes probably meant to speak, when it can be told: for the log line. */
export function guessProtocol(firstBytes: Buffer): string | undefined {
  // RFC 8446 5.1: record type, then the legacy version 0x0301 or 0x0303.
  if (tlsRecordTypes.has(firstBytes[0]!) && firstBytes[1] === 3 && firstBytes[2]! <= 4) {
    return 'TLS on a port without TLS';
  }
  const text = firstBytes.toString('latin1');
  const known = texts.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  // MQTT CONNECT: type 1 without flags, and the protocol name's length 0x0004 or 0x0006 after the remaining length.
  if (firstBytes[0] === 0x10 && (text.includes('\0\x04MQ') || text.includes('\0\x06MQ'))) return 'MQTT';
  if (beginsKafka(firstBytes)) return 'Kafka';
  return undefined;
}

/** The request that Kafka's clients begin with: its size, ApiKey 18 (ApiVersions) or 17 (SaslHandshake), a low version. */
function beginsKafka(firstBytes: Buffer): boolean {
  if (firstBytes.length < 8 || firstBytes.readUInt16BE(0) !== 0) return false;
  const apiKey = firstBytes.readUInt16BE(4);
  return (apiKey === 18 || apiKey === 17) && firstBytes.readUInt16BE(6) < 16;
}
