// Random messages for the tests: the decoder itself asks for each field, so every version gets just the fields it has.
import { Buffer } from 'node:buffer';
import { ByteReader } from '../src/index.js';

const TEXTS = ['', 'a', 'topic-1', 'Grüße', '\u{1f980}', 'x'.repeat(127), 'é'.repeat(90), 'y'.repeat(300)];
const INT64S = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  1_700_000_000_000n,
];
/** More than any struct's highest tag. */
const TAGS_TRIED = 5;

/** A reader without bytes that makes up what it is asked for; the same seed gives the same values. */
export class RandomReader extends ByteReader {
  private state: number;
  private nextTag = 0;

  constructor(seed: number) {
    super(Buffer.alloc(0));
    this.state = seed | 0;
  }

  /** An integer of 0 to `below` - 1 (mulberry32). */
  private random(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below);
  }

  private anyText(): string {
    return TEXTS[this.random(TEXTS.length)]!;
  }

  private orNull<T>(value: T): T | null {
    return this.random(4) === 0 ? null : value;
  }

  override readInt8 = (): number => this.random(0x100) - 0x80;
  override readBoolean = (): boolean => this.random(2) === 1;
  override readInt16 = (): number => this.random(0x10000) - 0x8000;
  override readUint16 = (): number => this.random(0x10000);
  override readInt32 = (): number => this.random(0x100000000) - 0x80000000;
  override readInt64 = (): bigint => INT64S[this.random(INT64S.length)]!;
  override readFloat64 = (): number => this.readInt32() / 7;
  override readUuid = (): Buffer => Buffer.from(Array.from({ length: 16 }, () => this.random(256)));
  override readString = (): string => this.anyText();
  override readCompactString = (): string => this.anyText();
  override readNullableString = (): string | null => this.orNull(this.anyText());
  override readCompactNullableString = (): string | null => this.orNull(this.anyText());
  override readBytes = (): Buffer => Buffer.from(this.anyText());
  override readCompactBytes = (): Buffer => this.readBytes();
  override readNullableBytes = (): Buffer | null => this.orNull(this.readBytes());
  override readCompactNullableBytes = (): Buffer | null => this.readNullableBytes();
  override readArrayCount = (): number => this.random(4) - 1;
  override readCompactArrayCount = (): number => this.random(4) - 1;
  override notNull = (count: number): number => Math.max(0, count);
  override readStructPresent = (): boolean => this.random(4) > 0;

  override readTagCount(): number {
    this.nextTag = 0;
    return this.random(4) === 0 ? 0 : TAGS_TRIED;
  }

  /** Only tags are read as bare varints. */
  override readUnsignedVarint(): number {
    return this.nextTag++;
  }

  override readTagEnd(): number {
    return 0;
  }

  override endTag(): void {}

  override skipTags(): void {}
}
