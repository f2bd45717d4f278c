import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode, metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { authenticate, type Bed, bed, plain } from '../testing/connection-bed.js';

describe('authentication', () => {
  it('with SaslHandshake v1 and SaslAuthenticate, then everything is served', async () => {
    const test = bed();
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    expect((await test.kafka.response(saslHandshakeApi, 1)).body).toEqual({
      errorCode: 0,
      mechanisms: ['PLAIN'],
    });
    // Pipelined behind the token: it waits for the outcome.
    test.kafka.send(saslAuthenticateApi, 2, { authBytes: plain('secret') });
    test.ask('a');
    const { body } = await test.kafka.response(saslAuthenticateApi, 2);
    expect(body).toMatchObject({ errorCode: 0, errorMessage: null, sessionLifetimeMs: 0n });
    test.metadata.answer('a');
    await test.kafka.response(metadataApi, 1);
    expect(test.metadata.contexts[0]!.principal.user).toBe('ann');
    expect(test.metrics.protocol('kafka').authSuccesses).toBe(1);
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(1);
  });

  it('with SaslHandshake v0 and raw tokens', async () => {
    const test = bed();
    test.kafka.send(saslHandshakeApi, 0, { mechanism: 'PLAIN' });
    await test.kafka.response(saslHandshakeApi, 0);
    const token = plain('secret');
    const size = Buffer.alloc(4);
    size.writeInt32BE(token.length);
    test.client.write(Buffer.concat([size, token]));
    expect((await test.kafka.frame()).length).toBe(0);
    test.ask('a');
    test.metadata.answer('a');
    await test.kafka.response(metadataApi, 1);
  });

  it('answers a wrong password, then closes; with one line, one count and never the password', async () => {
    const test = bed();
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    await test.kafka.response(saslHandshakeApi, 1);
    test.kafka.send(saslAuthenticateApi, 1, { authBytes: plain('wrong-one') });
    test.ask('a');
    const { body } = await test.kafka.response(saslAuthenticateApi, 1);
    expect(body).toMatchObject({ errorCode: KafkaErrorCode.SASL_AUTHENTICATION_FAILED });
    await test.client.closed;
    expect(test.metadata.started).toEqual([]);
    expect(test.metrics.protocol('kafka').authFailures).toBe(1);
    expect(test.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(JSON.stringify(test.lines)).not.toContain('wrong-one');
  });

  it('closes after a wrong raw token, unanswered', async () => {
    const test = bed();
    test.kafka.send(saslHandshakeApi, 0, { mechanism: 'PLAIN' });
    await test.kafka.response(saslHandshakeApi, 0);
    test.client.write(Buffer.from([0, 0, 0, 1, 0]));
    expect(await test.client.closed).toBe('authentication-failed');
    expect(test.client.received.length).toBe(0);
    expect(test.metrics.protocol('kafka').authFailures).toBe(1);
  });

  it('answers an unknown mechanism with those there are, then closes', async () => {
    const test = bed();
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'GSSAPI' });
    expect((await test.kafka.response(saslHandshakeApi, 1)).body).toEqual({
      errorCode: KafkaErrorCode.UNSUPPORTED_SASL_MECHANISM,
      mechanisms: ['PLAIN'],
    });
    await test.client.closed;
  });

  it.each([
    ['Metadata', (test: Bed) => test.ask('a')],
    [
      'SaslAuthenticate',
      (test: Bed) => test.kafka.send(saslAuthenticateApi, 2, { authBytes: plain('secret') }),
    ],
  ])('closes on %s before it', async (_name, ask) => {
    const test = bed();
    ask(test);
    expect(await test.client.closed).toBe('illegal-sasl-state');
    expect(test.metadata.started).toEqual([]);
    expect(test.lines).toHaveLength(1);
  });

  it('happens once', async () => {
    const test = bed();
    await authenticate(test);
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    const { body } = await test.kafka.response(saslHandshakeApi, 1);
    expect(body).toMatchObject({ errorCode: KafkaErrorCode.ILLEGAL_SASL_STATE });
    test.kafka.send(saslAuthenticateApi, 2, { authBytes: plain('secret') });
    const again = await test.kafka.response(saslAuthenticateApi, 2);
    expect(again.body).toMatchObject({ errorCode: KafkaErrorCode.ILLEGAL_SASL_STATE });
  });

  it('is optional where anonymous clients are allowed, and binds another user where it happens', async () => {
    const test = bed({ anonymous: true });
    await authenticate(test);
    test.ask('a');
    test.metadata.answer('a');
    await test.kafka.response(metadataApi, 1);
    expect(test.metadata.contexts[0]!.principal.user).toBe('ann');
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(1);
  });
});
