import { describe, expect, it } from '@jest/globals';
import type { ExecutionEvent } from '../../../contracts/index.js';
import { fromPage, toPages } from './stored-events.js';

const event = (seq: number): ExecutionEvent => ({ seq, type: 'message.delta', at: new Date(1_700_000_000_000 + seq).toISOString(), data: { text: `"${String(seq)}" 😀` } });
const events = (...seqs: number[]): ExecutionEvent[] => seqs.map(event);

describe('stored events', () => {
  it('are one page, as long as no seq is missing, and come back as they were', () => {
    const [page, ...more] = toPages(events(1, 2, 3));
    expect(more).toEqual([]);
    expect(fromPage(page!, 0)).toEqual(events(1, 2, 3));
  });

  it('begin another page behind a gap', () => {
    expect(toPages(events(1, 2, 7, 8)).map(({ firstSeq, events: stored }) => [firstSeq, stored.length])).toEqual([[1, 2], [7, 2]]);
    expect(toPages([])).toEqual([]);
  });

  it.each([
    [0, [4, 5, 6]],
    [3, [4, 5, 6]],
    [4, [5, 6]],
    [6, []],
    [99, []],
  ])('are read behind the cursor %i', (after, seqs) => {
    const [page] = toPages(events(4, 5, 6));
    expect(fromPage(page!, after).map(({ seq }) => seq)).toEqual(seqs);
  });
});
