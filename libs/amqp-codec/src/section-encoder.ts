import { Buffer } from 'node:buffer';
import { AmqpWriter } from './amqp-writer.js';
import type { AmqpAnnotations, AmqpScalar, AmqpValue } from './amqp-value.js';
import { writeComposite, writeKeyedMap } from './composite-encoder.js';
import type { AmqpCompositeInput } from './composite-table.js';
import { TypeCode } from './type-code.js';
import { writeUlong, writeValue } from './value-encoder.js';

// Sections one by one: who sends a message joins header and annotations of its own with a bare message as it came, or
// with one made here. An empty map is a section too, so who has nothing to say leaves it out.

export function encodeHeader(header: AmqpCompositeInput<'header'>): Buffer {
  const writer = new AmqpWriter();
  writeComposite(writer, header);
  return writer.finish();
}

export function encodeProperties(properties: AmqpCompositeInput<'properties'>): Buffer {
  const writer = new AmqpWriter();
  writeComposite(writer, properties);
  return writer.finish();
}

export function encodeDeliveryAnnotations(annotations: AmqpAnnotations): Buffer {
  return encodeAnnotations(0x71, annotations);
}

export function encodeMessageAnnotations(annotations: AmqpAnnotations): Buffer {
  return encodeAnnotations(0x72, annotations);
}

export function encodeFooter(annotations: AmqpAnnotations): Buffer {
  return encodeAnnotations(0x78, annotations);
}

export function encodeApplicationProperties(properties: ReadonlyMap<string, AmqpScalar>): Buffer {
  const writer = startSection(0x74);
  writeKeyedMap(writer, properties, (key) => writer.writeString(key));
  return writer.finish();
}

/** A data section up to its bytes, for who sends them without copying them. */
export function encodeDataHead(bytes: number): Buffer {
  const head = [TypeCode.DESCRIBED, TypeCode.SMALLULONG, 0x75];
  if (bytes < 0x100) return Buffer.from([...head, TypeCode.BINARY8, bytes]);
  const writer = startSection(0x75);
  writer.writeUint8(TypeCode.BINARY32);
  writer.writeUint32(bytes);
  return writer.finish();
}

export function encodeSequence(values: readonly AmqpValue[]): Buffer {
  const writer = startSection(0x76);
  writeValue(writer, { type: 'list', value: values });
  return writer.finish();
}

export function encodeValueSection(value: AmqpValue): Buffer {
  const writer = startSection(0x77);
  writeValue(writer, value);
  return writer.finish();
}

function encodeAnnotations(code: number, annotations: AmqpAnnotations): Buffer {
  const writer = startSection(code);
  writeKeyedMap(writer, annotations, (key) =>
    typeof key === 'bigint' ? writeUlong(writer, key) : writer.writeSymbol(key),
  );
  return writer.finish();
}

function startSection(code: number): AmqpWriter {
  const writer = new AmqpWriter();
  writer.writeUint8(TypeCode.DESCRIBED);
  writer.writeUint8(TypeCode.SMALLULONG);
  writer.writeUint8(code);
  return writer;
}
