const versionAndRandomBytes = 34;
const serverNameExtension = 0;
const hostNameType = 0;

/** Vectors with a length before them, RFC 8446 3.4. Whatever reads past the end throws a RangeError. */
class VectorReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get done(): boolean {
    return this.#at === this.bytes.length;
  }

  skip(count: number): void {
    if (this.#at + count > this.bytes.length) throw new RangeError('a vector is cut off');
    this.#at += count;
  }

  number(width: 1 | 2): number {
    const value = this.bytes.readUIntBE(this.#at, width);
    this.#at += width;
    return value;
  }

  vector(lengthWidth: 1 | 2): Buffer {
    const length = this.number(lengthWidth);
    const from = this.#at;
    this.skip(length);
    return this.bytes.subarray(from, this.#at);
  }
}

/**
 * The host name that a ClientHello asks for (RFC 6066 3), as it was sent. OpenSSL forgets it where a session of TLS 1.2 is
 * resumed, and the tenant may hang on it.
 *
 * @param hello the message without its header
 * @returns undefined when it asks for none
 * @throws RangeError or Error when it is not formed as one, which OpenSSL refuses too
 */
export function askedName(hello: Buffer): string | undefined {
  const reader = new VectorReader(hello);
  reader.skip(versionAndRandomBytes);
  // Session id, cipher suites, compression methods.
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  // TLS 1.2 knows clients without extensions.
  if (reader.done) return undefined;
  const extensions = new VectorReader(reader.vector(2));
  if (!reader.done) throw new Error('something follows the extensions');
  let name: string | undefined;
  while (!extensions.done) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type !== serverNameExtension) continue;
    if (name !== undefined) throw new Error('two lists of server names');
    name = onlyNameIn(content);
  }
  return name;
}

/** There is one type of name, and one name of each type. */
function onlyNameIn(extension: Buffer): string {
  const outer = new VectorReader(extension);
  const list = new VectorReader(outer.vector(2));
  if (list.number(1) !== hostNameType) throw new Error('a name of an unknown type');
  const name = list.vector(2);
  if (!list.done || !outer.done) throw new Error('more than one server name');
  return name.toString('latin1');
}
