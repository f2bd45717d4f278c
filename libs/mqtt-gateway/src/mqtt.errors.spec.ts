import { describe, expect, it } from '@jest/globals';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { PulsarError } from '#libs/pulsar';
import { asMqttError, MqttError } from './mqtt.errors.js';

describe('MqttError', () => {
  it('has no stack, and other errors keep theirs', () => {
    expect(new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no').stack).not.toContain(' at ');
    expect(new Error('other').stack).toContain(' at ');
  });

  it('says what a packet has a word for, and to us what was behind it', () => {
    const error = asMqttError(new PulsarError('EntryTooLarge', 'of 6 MB'));
    expect([error.reasonName, error.detail]).toEqual([
      'packet-too-large',
      'Pulsar: EntryTooLarge: EntryTooLarge: of 6 MB',
    ]);
    expect(error.codeIn('puback')).toBe(MqttReasonCode.UNSPECIFIED_ERROR);
    expect(asMqttError(new TypeError('x'))).toMatchObject({ reasonCode: MqttReasonCode.UNSPECIFIED_ERROR });
    expect(asMqttError(error)).toBe(error);
  });
});
