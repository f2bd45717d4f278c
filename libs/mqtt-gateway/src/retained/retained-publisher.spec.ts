import type { PublishPressure } from '#libs/pulsar';
import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { PublishRequest } from '../publishing/publisher.js';
import { RetainedPublisher } from './retained-publisher.js';
import type { WriteDone } from './retained-writes.js';

const tenants = new Map<string, PublishRequest['tenant']>();

function tenantOf(name: string): PublishRequest['tenant'] {
  const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_000_000 };
  const made = tenants.get(name) ?? { name, pulsarNamespace: `${name}/n`, limits: {}, kafka };
  tenants.set(name, made);
  return made;
}

function bench() {
  const published: string[] = [];
  const sets: { request: PublishRequest; done: WriteDone }[] = [];
  let pressure: PublishPressure | undefined;
  let storePressure: PublishPressure | undefined;
  const publisher = new RetainedPublisher(
    {
      publish: (request, done) => {
        published.push(request.payload.toString());
        done(undefined);
        return pressure;
      },
    },
    {
      set: (request, done) => {
        sets.push({ request, done });
        return storePressure;
      },
    },
  );
  const answers: string[] = [];
  const publish = (text: string, retain: boolean, clientId = 'c', tenant = 'acme') => {
    const request = {
      tenant: tenantOf(tenant),
      topic: 't',
      payload: Buffer.from(text),
      qos: 1,
      retain,
    } as const;
    const rest = { properties: {}, messageExpiryIntervalSeconds: undefined, clientId };
    return publisher.publish({ ...request, ...rest }, (error) =>
      answers.push(error === undefined ? text : `${text}: ${error.reasonName}`),
    );
  };
  const answer = (at: number, error?: MqttError) => sets[at]!.done(error);
  return {
    published,
    sets,
    answers,
    publish,
    answer,
    press: (by: PublishPressure) => (pressure = by),
    pressStore: (by: PublishPressure) => (storePressure = by),
  };
}

describe('publishes that are retained', () => {
  it('are published when they are retained, and those of the client after them keep their order', () => {
    const { published, publish, answer, answers } = bench();
    publish('1', true);
    publish('2', false);
    publish('3', true);
    publish('4', false);
    expect([published, answers]).toEqual([[], []]);
    answer(1);
    expect(published).toEqual([]);
    answer(0);
    expect(published).toEqual(['1', '2', '3', '4']);
    expect(answers).toEqual(['1', '2', '3', '4']);
    publish('5', false);
    expect(published).toHaveLength(5);
  });

  it('hold nobody else up: not other clients, not clients of the same name of other tenants', () => {
    const { published, publish } = bench();
    publish('1', true);
    publish('2', false, 'other');
    publish('3', false, 'c', 'other');
    expect(published).toEqual(['2', '3']);
  });

  it('are not published when they cannot be retained', () => {
    const { published, publish, answer, answers } = bench();
    publish('1', true);
    publish('2', false);
    answer(0, new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'full'));
    expect(published).toEqual(['2']);
    expect(answers).toEqual(['1: quota-exceeded', '2']);
  });

  it('own their bytes while they wait', () => {
    const { sets, publisher, payload } = (() => {
      const made = bench();
      const bytes = Buffer.from('before');
      return { ...made, publisher: made.publish, payload: bytes };
    })();
    publisher('before', true);
    payload.fill(0);
    expect(sets[0]?.request.payload.toString()).toBe('before');
  });

  it('are published once also when answers come within calls', () => {
    const published: string[] = [];
    let again = 3;
    const publisher: RetainedPublisher = new RetainedPublisher(
      {
        publish: (request, done) => {
          published.push(request.payload.toString());
          done(undefined);
          return undefined;
        },
      },
      {
        set: (_request, done) => {
          done();
          return undefined;
        },
      },
    );
    const publish = (): void => {
      const request = { tenant: tenantOf('acme'), topic: 't', qos: 1, retain: true, properties: {} } as const;
      const payload = Buffer.from(`${again}`);
      publisher.publish(
        { ...request, payload, messageExpiryIntervalSeconds: undefined, clientId: 'c' },
        () => {
          if (--again > 0) publish();
        },
      );
    };
    publish();
    expect(published).toEqual(['3', '2', '1']);
  });

  it('say when no more should be read, and when there is room again, which Pulsar may have to wait for', () => {
    const { publish, answer, press, pressStore } = bench();
    let relieve: () => void = () => {};
    expect(publish('1', true)).toBeUndefined();
    const ofStore = { onRelief: () => () => {} };
    pressStore(ofStore);
    expect(publish('0', true)).toBe(ofStore);
    const full = publish('x'.repeat(300_000), false);
    const heard: string[] = [];
    full!.onRelief(() => heard.push('relief'));
    full!.onRelief(() => heard.push('cancelled'))();
    press({
      onRelief: (listener) => {
        relieve = listener;
        return () => {};
      },
    });
    answer(0);
    answer(1);
    expect(heard).toEqual([]);
    relieve();
    expect(heard).toEqual(['relief']);
  });
});
