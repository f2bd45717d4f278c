import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { Membership } from './membership.js';
import type { MembershipOptions } from './membership-options.js';
import { memberNames } from './member.js';
import { NodeIdTaken } from './node-id-taken.js';
import { FakeMembersLog, ManualClock } from './testing/fake-members-log.js';

const internal = { host: '127.0.0.1', port: 1 };
const listener = { name: 'kafka', protocol: 'kafka', host: 'h', port: 9092, tls: false };

describe('membership', () => {
  const clock = new ManualClock();
  let log = new FakeMembersLog(clock);
  const fatal: Error[] = [];
  let mayOpen = true;

  afterEach(() => {
    log = new FakeMembersLog(clock);
    fatal.length = 0;
    mayOpen = true;
  });

  function gateway(options: Partial<MembershipOptions> = {}): Membership {
    const membership = new Membership(
      { memberTimeoutMs: 5_000, machine: 'm', bound: [], ...options },
      {
        openLog: log.open,
        mayOpen: () => mayOpen,
        clock,
        log: silentLog,
        onFatal: (error) => fatal.push(error),
      },
    );
    return membership;
  }

  async function started(options: Partial<MembershipOptions> = {}): Promise<Membership> {
    const membership = gateway(options);
    membership.start(internal);
    await log.settled();
    membership.serve([listener]);
    await log.settled();
    return membership;
  }

  const names = (membership: Membership) => memberNames(membership.members());

  it('takes the lowest free node id, and all see the same members', async () => {
    const [a, b, c] = [await started(), await started(), await started()];
    expect([a, b, c].map((each) => each.self.nodeId)).toEqual([0, 1, 2]);
    expect([a, b, c].map(names)).toEqual(Array(3).fill('0, 1, 2'));
  });

  it('is seen when it has its listeners, not before', async () => {
    const a = await started();
    const b = gateway();
    b.start(internal);
    await log.settled();
    expect(names(a)).toBe('0');
    b.serve([listener]);
    await log.settled();
    expect(a.members().map(({ listeners }) => listeners)).toEqual([[listener], [listener]]);
  });

  it('gives one id to one of those who claim it at once', async () => {
    const [a, b] = [gateway(), gateway()];
    for (const each of [a, b]) each.start(internal);
    await log.settled();
    for (const each of [a, b]) each.serve([listener]);
    await log.settled();
    expect([a.self.nodeId, b.self.nodeId].sort()).toEqual([0, 1]);
    expect([names(a), names(b)]).toEqual(['0, 1', '0, 1']);
  });

  it('forgets who is silent, and nobody who gives signs', async () => {
    const [a, b, c] = [await started(), await started(), await started()];
    log.silence(b.instance);
    await clock.pass(4_500);
    expect(names(a)).toBe('0, 1, 2');
    await clock.pass(1_500);
    expect([names(a), names(c)]).toEqual(['0, 2', '0, 2']);
    expect((await started()).self.nodeId).toBe(1);
  });

  it('lets a leaver drain, and forgets it at once', async () => {
    const [a, b] = [await started(), await started()];
    await b.drain();
    expect(names(a)).toBe('0, 1 (draining)');
    await b.leave();
    expect(names(a)).toBe('0');
  });

  it('refuses a configured node id that a living gateway has', async () => {
    await started({ nodeId: 7 });
    const second = gateway({ nodeId: 7 });
    second.start(internal);
    await clock.pass(2_000);
    await expect(second.whenClaimed()).rejects.toThrow(NodeIdTaken);
    expect(fatal.map(({ message }) => message)).toEqual([
      'node id 7 is in use by another gateway (on m, h:9092): give each gateway a kafka.nodeId of its own, or none',
    ]);
  });

  it('waits for a configured node id until its dead holder was silent for long enough', async () => {
    const first = await started({ nodeId: 7 });
    log.silence(first.instance);
    await clock.pass(1_000);
    const second = await started({ nodeId: 7 });
    expect(second.isMember).toBe(false);
    await clock.pass(5_000);
    expect(second.isMember).toBe(true);
    expect(fatal).toEqual([]);
  });

  it('takes the id at once of who had its port on the same machine', async () => {
    const first = await started({ nodeId: 7, bound: ['127.0.0.1:9092'] });
    log.silence(first.instance);
    const second = await started({ nodeId: 7, bound: ['127.0.0.1:9092'] });
    expect(second.isMember).toBe(true);
    expect(names(second)).toBe('7');
  });

  it('keeps those that it knew while it cannot hear', async () => {
    const [a] = [await started(), await started()];
    log.attached = false;
    await clock.pass(60_000);
    expect(names(a)).toBe('0, 1');
    log.attached = true;
    await clock.pass(6_000);
    expect(names(a)).toBe('0, 1');
  });

  it('keeps those that it knew while the log stores nothing, and until they are back too', async () => {
    const [a, b] = [await started(), await started()];
    log.stall();
    await clock.pass(60_000);
    expect([names(a), names(b)]).toEqual(['0, 1', '0, 1']);
    log.silence(b.instance);
    log.resume();
    await clock.pass(4_000);
    expect(names(a)).toBe('0, 1');
    log.hear(b.instance);
    await clock.pass(4_000);
    expect([names(a), names(b)]).toEqual(['0, 1', '0, 1']);
    log.silence(b.instance);
    await clock.pass(6_000);
    expect(names(a)).toBe('0');
  });

  it('is alone, and serves, until there is a log; then it joins', async () => {
    mayOpen = false;
    const a = await started();
    await clock.pass(10_000);
    expect([names(a), a.isMember]).toEqual(['0', false]);
    mayOpen = true;
    await clock.pass(2_000);
    expect(a.isMember).toBe(true);
  });

  it('joins again, with its node id, when the log ended by itself', async () => {
    const [a, b] = [await started(), await started()];
    await a.leave();
    log.end(b.instance);
    await clock.pass(2_000);
    expect([b.self.nodeId, b.isMember, names(b)]).toEqual([1, true, '1']);
  });

  it('looks for another id when its own was given away while it stood still', async () => {
    const a = await started();
    log.silence(a.instance);
    await clock.pass(6_000);
    const b = await started();
    expect(b.self.nodeId).toBe(0);
    log.hear(a.instance);
    await clock.pass(1_000);
    expect(a.self.nodeId).toBe(1);
    expect([names(a), names(b)]).toEqual(['0, 1', '0, 1']);
  });

  it('passes announcements on to all others, once, also when they waited for the log', async () => {
    const [a, b] = [await started(), await started()];
    const heard: string[] = [];
    for (const each of [a, b])
      each.announcements.on('topic-changed', (payload, from) => heard.push(`${from} ${payload}`));
    a.announce('topic-changed', 'x');
    await log.settled();
    expect(heard).toEqual(['0 x']);
    const c = gateway();
    c.announce('topic-changed', 'y');
    c.start(internal);
    await log.settled();
    expect(heard).toHaveLength(3);
  });

  it('passes over what no gateway wrote', async () => {
    const a = await started();
    for (const text of [
      '',
      '{',
      '{"v":1}',
      '{"v":1,"kind":"member","instance":"i","nodeId":-1}',
      'null',
      '[]',
    ]) {
      log.write(Buffer.from(text));
    }
    await log.settled();
    expect(names(a)).toBe('0');
  });
});
