import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { MqttReader } from './mqtt-reader.js';
import { decodeProperties, mqttPropertyTable, type PropertyOwner } from './properties.js';

/** Table 2-4 of MQTT 5, by identifier: where each property may stand. */
const table2to4: readonly (readonly [id: number, owners: string])[] = [
  [1, 'publish will'],
  [2, 'publish will'],
  [3, 'publish will'],
  [8, 'publish will'],
  [9, 'publish will'],
  [11, 'publish subscribe'],
  [17, 'connect connack disconnect'],
  [18, 'connack'],
  [19, 'connack'],
  [21, 'connect connack auth'],
  [22, 'connect connack auth'],
  [23, 'connect'],
  [24, 'will'],
  [25, 'connect'],
  [26, 'connack'],
  [28, 'connack disconnect'],
  [31, 'connack puback pubrec pubrel pubcomp suback unsuback disconnect auth'],
  [33, 'connect connack'],
  [34, 'connect connack'],
  [35, 'publish'],
  [36, 'connack'],
  [37, 'connack'],
  [
    38,
    'connect will publish subscribe unsubscribe connack puback pubrec pubrel pubcomp suback unsuback disconnect auth',
  ],
  [39, 'connect connack'],
  [40, 'connack'],
  [41, 'connack'],
  [42, 'connack'],
];
const owners = table2to4.find(([id]) => id === 38)![1].split(' ') as PropertyOwner[];
/** A value that every type of property has, followed by zeros: as a pair, two strings of one character. */
const samples: Readonly<Record<string, string>> = {
  ...{ boolean: '01', byte: '01', uint16: '0001', uint32: '00000001', identifiers: '01', string: '000161' },
  ...{ binary: '0001ff', pairs: '0001610000' },
};

function read(owner: PropertyOwner, ...properties: string[]): unknown {
  const body = Buffer.from(properties.join(''), 'hex');
  const bytes = Buffer.concat([Buffer.from([body.length]), body]);
  const reader = new MqttReader(5, 'server');
  reader.reset(bytes, 0, bytes.length);
  try {
    return decodeProperties(reader, owner);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe.each(Object.entries(mqttPropertyTable))('%s', (name, { id, type }) => {
  const hex = id.toString(16).padStart(2, '0') + samples[type]!;

  it('stands where table 2-4 says', () => {
    const allowed = table2to4.find(([each]) => each === id)![1].split(' ');
    for (const owner of owners) {
      if (allowed.includes(owner)) expect(Object.keys(read(owner, hex) as object)).toEqual([name]);
      else expect(read(owner, hex)).toBe('malformed-packet');
    }
  });

  it('stands there once, but for what may be repeated', () => {
    for (const owner of table2to4.find(([each]) => each === id)![1].split(' ') as PropertyOwner[]) {
      const mayRepeat = type === 'pairs' || (type === 'identifiers' && owner === 'publish');
      const expected = mayRepeat ? { [name]: [expect.anything(), expect.anything()] } : 'protocol-error';
      expect(read(owner, hex, hex)).toEqual(expected);
    }
  });
});

describe('the property table', () => {
  it('has all of table 2-4 and nothing else', () => {
    const ids = Object.values(mqttPropertyTable).map(({ id }) => id);
    expect(ids.toSorted((a, b) => a - b)).toEqual(table2to4.map(([id]) => id));
  });

  it('refuses what it has not', () => {
    for (let id = 0; id < 128; id++) {
      if (table2to4.some(([each]) => each === id)) continue;
      expect(read('publish', `${id.toString(16).padStart(2, '0')}00000000`)).toBe('malformed-packet');
    }
    expect(read('publish', '810001')).toBe('malformed-packet');
  });
});
