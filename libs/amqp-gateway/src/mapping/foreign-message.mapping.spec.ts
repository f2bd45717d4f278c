import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeApplicationProperties,
  decodeBody,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
} from '#libs/amqp-codec';
import type { KeyValue } from '#libs/pulsar';
import { bytes, text } from '../testing/message-arbitraries.js';
import { read, nowMs } from '../testing/mapping-bed.js';

describe('what others wrote', () => {
  it('is data, with application properties of the types that are said', () => {
    const written: KeyValue[] = [
      { key: 'text', value: 'ä' },
      { key: 'count', value: '-7' },
      { key: 'odd', value: 'no number' },
      { key: 'pulsegate.base64.bytes', value: '/w==' },
      { key: 'pulsegate.base64.pulsegate.own', value: 'eA==' },
      { key: 'pulsegate.null.none', value: '' },
      { key: 'text', value: 'last' },
      { key: 'pulsegate.types', value: '{"count":"int","odd":"long","gone":"int"}' },
      { key: 'pulsegate.mqtt.topic', value: 'a/b' },
      { key: 'pulsegate.amqp091.exchange', value: '' },
      { key: 'pulsegate.amqp091.routing-key', value: 'eu.paid' },
      { key: 'pulsegate.mqtt.response-topic', value: 'a/c' },
      { key: 'pulsegate.correlation', value: Buffer.from('c').toString('base64') },
      { key: 'pulsegate.content-type', value: 'text/plain' },
      { key: 'pulsegate.expires-at', value: String(nowMs + 1_000) },
    ];
    const sections = read({ key: 'k', eventTime: 1_234, orderingKey: Buffer.from('g'), properties: written });
    expect(decodeBody(sections)).toEqual({ kind: 'data', parts: [Buffer.from('v')] });
    expect([...(decodeApplicationProperties(sections) ?? [])]).toEqual([
      ['text', { type: 'string', value: 'last' }],
      ['count', { type: 'int', value: -7 }],
      ['odd', { type: 'string', value: 'no number' }],
      ['bytes', { type: 'binary', value: Buffer.from([0xff]) }],
      ['pulsegate.own', { type: 'string', value: 'x' }],
      ['none', { type: 'null' }],
    ]);
    expect(decodeProperties(sections)).toMatchObject({
      correlationId: { type: 'string', value: 'c' },
      contentType: 'text/plain',
      creationTime: 1_234n,
      groupId: 'g',
    });
    expect(decodeHeader(sections)).toMatchObject({ durable: true, ttl: 1_000 });
    const shown = decodeMessageAnnotations(sections);
    expect(shown?.get('x-opt-partition-key')).toEqual({ type: 'string', value: 'k' });
    expect(shown?.get('x-opt-mqtt-topic')).toEqual({ type: 'string', value: 'a/b' });
    expect(shown?.get('x-opt-mqtt-response-topic')).toEqual({ type: 'string', value: 'a/c' });
    expect(shown?.get('x-exchange')).toEqual({ type: 'string', value: '' });
    expect(shown?.get('x-routing-key')).toEqual({ type: 'string', value: 'eu.paid' });
  });

  it('has no sections beside the body where nothing is said, and the null value is none', () => {
    const sections = read({});
    expect([sections.properties, sections.applicationProperties]).toEqual([undefined, undefined]);
    expect(decodeBody(read({ value: null }))).toEqual({ kind: 'value', value: { type: 'null' } });
    const binaryKey = decodeMessageAnnotations(read({ key: Buffer.from([0xff, 0]) }));
    expect(binaryKey?.get('x-opt-partition-key')).toEqual({ type: 'binary', value: Buffer.from([0xff, 0]) });
  });

  it('is what it is, though it says that an AMQP client sent it', () => {
    const prefix = (base64: string, ofBody: string) =>
      read({
        properties: [
          { key: 'pulsegate.amqp.body', value: ofBody },
          { key: 'pulsegate.amqp.prefix', value: base64 },
          { key: 'pulsegate.amqp.annotations', value: 'wQUA' },
          { key: 'pulsegate.amqp.footer', value: 'AFN4' },
          { key: 'pulsegate.amqp.delivery-count', value: '-3' },
        ],
      });
    for (const [base64, ofBody] of [
      ['!!', 'headed'],
      ['AFN0', 'data'],
      ['', 'encoded'],
      ['', 'what'],
    ] as const) {
      expect(decodeBody(prefix(base64, ofBody))).toEqual({ kind: 'data', parts: [Buffer.from('v')] });
    }
  });

  it('reads nothing but sections, whatever is in the properties', () => {
    const name = fc.constantFrom(
      ...['body', 'prefix', 'annotations', 'footer', 'durable', 'delivery-count', 'container'].map(
        (each) => `pulsegate.amqp.${each}`,
      ),
      'pulsegate.expires-at',
      'pulsegate.priority',
      'pulsegate.types',
      'pulsegate.correlation',
      'pulsegate.base64.x',
    );
    const base64 = bytes(0, 12).map((of) => of.toString('base64'));
    const said = fc.oneof(
      fc.constantFrom('data', 'text', 'headed', 'encoded', 'null', '{}', '[1]', '9'),
      base64,
      text,
    );
    fc.assert(
      fc.property(fc.array(fc.record({ key: name, value: said }), { maxLength: 6 }), (all) => {
        expect(read({ properties: all }).bareEnd).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
