import type { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmqpFrameDecoder, encodeProtocolHeader } from '#libs/amqp-codec';
import { DispositionBatch } from './disposition-batch.js';
import { serialAdd, serialDistance } from './serial-number.js';

function framesOf(batch: DispositionBatch) {
  const frames: Buffer[] = [];
  batch.take((frame) => frames.push(frame));
  const decoder = new AmqpFrameDecoder();
  decoder.push(encodeProtocolHeader('amqp'));
  return frames.map((bytes) => {
    const [input] = decoder.push(bytes);
    if (input?.type !== 'frame' || input.performative.type !== 'disposition')
      throw new Error('another frame');
    return { channel: input.channel, ...input.performative };
  });
}

describe('dispositions of one turn', () => {
  it('are as few ranges as can be, in whatever order they came', () => {
    const ids = fc.uniqueArray(fc.nat(60), { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(fc.constantFrom(0, 0xffff_ffe0), ids, (start, offsets) => {
        const batch = new DispositionBatch(3, true);
        for (const offset of offsets) batch.add(serialAdd(start, offset), { type: 'accepted' }, true);
        const said: number[] = [];
        let end: number | undefined;
        for (const frame of framesOf(batch)) {
          expect(frame).toMatchObject({ channel: 3, role: true, settled: true, state: { type: 'accepted' } });
          const last = frame.last ?? frame.first;
          // Neighbours are never two frames.
          if (end !== undefined) expect(serialDistance(end, frame.first)).toBeGreaterThan(1);
          end = last;
          for (let id = frame.first; serialDistance(id, last) >= 0; id = serialAdd(id, 1)) said.push(id);
        }
        expect(said).toEqual(offsets.sort((a, b) => a - b).map((offset) => serialAdd(start, offset)));
        expect(framesOf(batch)).toEqual([]);
      }),
    );
  });

  it('keep apart what is settled, what is not, and what was refused', () => {
    const batch = new DispositionBatch(0, true);
    const error = { type: 'error', condition: 'amqp:internal-error', description: 'why' } as const;
    batch.add(0, { type: 'accepted' }, true);
    batch.add(1, { type: 'accepted' }, false);
    batch.add(2, { type: 'rejected', error }, true);
    batch.add(3, { type: 'accepted' }, true);
    expect(framesOf(batch).map(({ first, settled, state }) => [first, settled, state?.type])).toEqual([
      [1, false, 'accepted'],
      [0, true, 'accepted'],
      [3, true, 'accepted'],
      [2, true, 'rejected'],
    ]);
  });
});
