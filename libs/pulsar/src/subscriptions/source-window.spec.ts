import { describe, expect, it } from '@jest/globals';
import { SourceWindow, WaitingBytes } from './source-window.js';

const mebibyte = 1024 * 1024;

describe('SourceWindow', () => {
  it('begins with few messages, and asks for as many as fit when their size is known', () => {
    const window = new SourceWindow(new WaitingBytes(1 << 30), 1_000);
    expect([window.messages(-1), window.messages(5), window.messages(10_000)]).toEqual([0, 5, 32]);
    window.arrived(1_024);
    expect([window.messages(10_000), window.messages(3)]).toEqual([1_000, 3]);
    for (let at = 0; at < 200; at++) window.arrived(10_240);
    expect(window.messages(10_000)).toBe(0);
    for (let at = 0; at < 200; at++) window.left(10_240);
    expect(window.messages(10_000)).toBe(Math.floor((mebibyte - 1_024) / 10_240));
  });

  it('lets who has nothing waiting have one message, however large they are', () => {
    const all = new WaitingBytes(10 * mebibyte);
    const [greedy, modest] = [new SourceWindow(all, 1_000), new SourceWindow(all, 1_000)];
    for (let at = 0; at < 5; at++) greedy.arrived(2 * mebibyte);
    expect([greedy.messages(10), modest.messages(10)]).toEqual([0, 10]);
    modest.arrived(100);
    expect(modest.messages(10)).toBe(0);
    modest.left(100);
    // The process has enough: one by one.
    expect(modest.messages(10)).toBe(1);
    greedy.close();
    expect([all.total, modest.messages(10)]).toEqual([0, 10]);
  });
});
