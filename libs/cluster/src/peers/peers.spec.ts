import { afterEach, describe, expect, it } from '@jest/globals';
import { Metrics, silentLog } from '#libs/telemetry';
import { inMemoryLink, Listener, listenerDefaults } from '#libs/transport';
import { type ForwardedHandler, PeerUnavailable } from '../cluster-view.js';
import type { Member } from '../member.js';
import { encodeFrame, frameKinds, PeerFrameDecoder } from './peer-frame.js';
import { PeerForwarding } from './peer-forwarding.js';
import { clientMac, encodeProof, newNonce } from './peer-proof.js';
import { ServedPeers } from './served-peer.js';

const limits = {
  frameBytesMax: 1_000_000,
  requestsMax: 100,
  requestBytesMax: 2_000_000,
  authenticationTimeoutMs: 500,
  sendBufferBytesMax: 1_000_000,
};
const secret = 'a secret of the gateways';

/** Two gateways: requests go from 0 to 1. */
class Pair {
  readonly served = new ServedPeers({ ...limits, secret });
  readonly metrics = new Metrics({ processMetrics: false });
  readonly forwarding: PeerForwarding;
  members: Member[] = [member(0, 0)];
  private readonly listener: Listener;
  private changed = () => {};

  constructor(known: string | undefined = secret, options: Partial<typeof limits> = {}) {
    const hooks = { log: silentLog, metrics: this.metrics };
    const [name, protocol] = ['cluster', 'cluster'];
    const listening = { ...listenerDefaults, name, protocol, host: '127.0.0.1', port: 0 };
    this.listener = new Listener(listening, this.served, hooks);
    const directory = {
      self: member(0, 0),
      members: () => this.members,
      secretOf: () => known,
      onChange: (listener: () => void) => {
        this.changed = listener;
        return () => {};
      },
    };
    this.forwarding = new PeerForwarding(
      { ...limits, ...options },
      directory,
      new ServedPeers({ ...limits, secret }),
      hooks,
    );
  }

  async listen(): Promise<this> {
    const { port } = await this.listener.listen();
    this.set([member(0, 0), member(1, port)]);
    return this;
  }

  set(members: Member[]): void {
    this.members = members;
    this.changed();
  }

  ask(payload: string, timeoutMs = 5_000, signal?: AbortSignal): Promise<string> {
    return this.forwarding.request(1, 'echo', Buffer.from(payload), timeoutMs, signal).then(String);
  }

  async close(): Promise<void> {
    this.forwarding.close();
    await this.listener.close();
  }
}

function member(nodeId: number, port: number): Member {
  return {
    nodeId,
    instance: `i${nodeId}`,
    state: 'live',
    listeners: [],
    internal: { host: '127.0.0.1', port },
  };
}

const echo: ForwardedHandler = async (payload, { nodeId }) => Buffer.from(`${nodeId} ${payload}`);

describe('requests between gateways', () => {
  let pair: Pair;

  afterEach(() => pair.close());

  it('are answered, many at once over one connection, whatever their order and size', async () => {
    pair = await new Pair().listen();
    const first = Promise.withResolvers<void>();
    pair.served.serve('echo', async (payload, from) => {
      if (String(payload) === '0') await first.promise;
      else if (String(payload) === '19') first.resolve();
      return echo(payload, from);
    });
    const asked = Array.from({ length: 20 }, (_, n) => `${n}`);
    expect(await Promise.all(asked.map((each) => pair.ask(each)))).toEqual(asked.map((each) => `0 ${each}`));
    const large = 'x'.repeat(900_000);
    expect(await pair.ask(large)).toBe(`0 ${large}`);
    expect(pair.metrics.protocol('cluster').connectionsOpened).toBe(2);
  });

  it('are refused as unavailable by who fails, does not know the kind, or is late', async () => {
    pair = await new Pair().listen();
    await expect(pair.ask('x')).rejects.toThrow(
      'gateway 1 did not answer: requests of kind echo are not served',
    );
    pair.served.serve('echo', async () => {
      throw new Error('not today');
    });
    await expect(pair.ask('x')).rejects.toThrow('gateway 1 did not answer: not today');
    pair.served.serve('echo', () => new Promise(() => {}));
    await expect(pair.ask('x', 50)).rejects.toThrow(PeerUnavailable);
    expect(pair.forwarding.requestsInFlight).toBe(0);
  });

  it('fail at once where nobody is, and work when somebody is there again', async () => {
    pair = new Pair();
    await expect(pair.ask('x')).rejects.toThrow('it is not there');
    pair.set([member(0, 0), member(1, 1)]);
    await expect(pair.ask('x')).rejects.toThrow('ECONNREFUSED');
    pair.set([member(0, 0)]);
    await pair.listen();
    pair.served.serve('echo', echo);
    expect(await pair.ask('x')).toBe('0 x');
  });

  it('fail when the other is gone while they wait, and it hears when nobody waits any more', async () => {
    pair = await new Pair().listen();
    const gone: string[] = [];
    const waits = Promise.withResolvers<void>();
    pair.served.serve('echo', (payload, from) => {
      from.whenGone(() => gone.push(String(payload)));
      waits.resolve();
      return new Promise(() => {});
    });
    const left = new AbortController();
    const first = pair.ask('first', 5_000, left.signal);
    const second = pair.ask('second');
    await waits.promise;
    left.abort();
    await expect(first).rejects.toThrow('nobody waits any more');
    await until(() => gone.length > 0);
    expect(gone).toEqual(['first']);
    pair.set([member(0, 0)]);
    await expect(second).rejects.toThrow('it is gone');
    await until(() => gone.length > 1);
    expect(gone).toEqual(['first', 'second']);
  });

  it('are bounded in number, bytes and size', async () => {
    pair = await new Pair(secret, { requestsMax: 2, requestBytesMax: 1_500 }).listen();
    pair.served.serve('echo', () => new Promise(() => {}));
    const waiting = [pair.ask('x', 200), pair.ask('x', 200)];
    await expect(pair.ask('x')).rejects.toThrow('too much is in flight');
    for (const each of waiting) await expect(each).rejects.toThrow('nothing in 200 ms');
    await expect(pair.ask('x'.repeat(1_600))).rejects.toThrow('too much is in flight');
    await expect(pair.ask('x'.repeat(1_000_000))).rejects.toThrow('1000000 bytes are too many');
  });

  it('end alone where their answer is too large; others go on over the same connection', async () => {
    pair = await new Pair().listen();
    const later = Promise.withResolvers<Buffer>();
    pair.served.serve('echo', (payload) =>
      String(payload) === 'large' ? Promise.resolve(Buffer.alloc(1_000_000)) : later.promise,
    );
    const other = pair.ask('other');
    await expect(pair.ask('large')).rejects.toThrow('an answer of 1000000 bytes is too large');
    later.resolve(Buffer.from('well'));
    expect(await other).toBe('well');
  });

  it('are not sent to who does not know the secret, nor taken from such', async () => {
    pair = await new Pair('another secret of gateways').listen();
    pair.served.serve('echo', echo);
    await expect(pair.ask('x')).rejects.toThrow(PeerUnavailable);
    // Right again, and nothing stays behind of the refusal.
    await pair.close();
    pair = await new Pair().listen();
    pair.served.serve('echo', echo);
    expect(await pair.ask('x')).toBe('0 x');
  });
});

describe('the internal listener', () => {
  function accepted() {
    const served = new ServedPeers({ ...limits, secret });
    let asked = 0;
    served.serve('echo', async (payload) => {
      asked++;
      return payload;
    });
    const memory = inMemoryLink(served, { log: silentLog, authenticationTimeoutMs: 200 });
    const say = (kind: number, ...parts: Buffer[]) =>
      memory.client.write(Buffer.concat(encodeFrame(kind, ...parts)));
    return { ...memory, say, asked: () => asked };
  }
  const request = [Buffer.alloc(4), Buffer.of(4), Buffer.from('echo')] as const;

  it('serves nobody before the proof', async () => {
    const { client, say, asked } = accepted();
    say(frameKinds.request, ...request);
    expect(await client.closed).toBe('malformed-frame');
    expect(asked()).toBe(0);
  });

  it('takes no proof of another secret, and none of another challenge', async () => {
    const [first, second] = [accepted(), accepted()];
    const challengeOf = async ({ client }: typeof first) => (await client.take(37)).subarray(5);
    const [challenge] = [await challengeOf(first), await challengeOf(second)];
    const nonce = newNonce();
    const proof = (known: string) =>
      encodeProof({ nodeId: 0, nonce, mac: clientMac(known, challenge, 0, nonce) });
    first.say(frameKinds.proof, proof('something else, just as long'));
    second.say(frameKinds.proof, proof(secret));
    expect(await first.client.closed).toBe('secret-not-proved');
    expect(await second.client.closed).toBe('secret-not-proved');
  });

  it('holds no more than it was sent of what is announced, and closes on garbage and on silence', async () => {
    const [large, garbage, silent] = [accepted(), accepted(), accepted()];
    large.client.write(Buffer.of(0x7f, 0xff, 0xff, 0xff));
    garbage.client.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await large.client.closed).toBe('malformed-frame');
    expect(await garbage.client.closed).toBe('malformed-frame');
    expect(await silent.client.closed).toBe('authentication-timeout');
  });
});

describe('frames between gateways', () => {
  it('are cut alike however the bytes come', () => {
    const bytes = Buffer.concat([
      ...encodeFrame(frameKinds.request, Buffer.from('one')),
      ...encodeFrame(frameKinds.cancel),
      ...encodeFrame(frameKinds.response, Buffer.from('three')),
    ]);
    for (let size = 1; size <= bytes.length; size++) {
      const decoder = new PeerFrameDecoder(1_000);
      const frames = [];
      for (let at = 0; at < bytes.length; at += size)
        frames.push(...decoder.push(bytes.subarray(at, at + size)));
      expect(frames.map(({ kind, body }) => [kind, String(body)])).toEqual([
        [frameKinds.request, 'one'],
        [frameKinds.cancel, ''],
        [frameKinds.response, 'three'],
      ]);
    }
  });
});

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
}
