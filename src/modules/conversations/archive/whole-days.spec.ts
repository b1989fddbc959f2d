import { describe, expect, it } from '@jest/globals';
import { wholeDays } from './whole-days.js';

const at = (time: string): Date => new Date(`2026-03-${time}Z`);

describe('a span of time', () => {
  it('without ends has no edges', () => {
    expect(wholeDays(undefined, undefined)).toEqual({ firstDay: null, lastDay: null, edges: [] });
  });

  it('from midnight to midnight is whole days', () => {
    expect(wholeDays(at('01T00:00:00'), at('03T00:00:00'))).toEqual({ firstDay: '2026-03-01', lastDay: '2026-03-03', edges: [] });
  });

  it('has what its days do not cover at its ends', () => {
    const [from, to] = [at('01T10:00:00'), at('04T00:00:01')];
    expect(wholeDays(from, to)).toEqual({ firstDay: '2026-03-02', lastDay: '2026-03-04', edges: [{ from, to: at('02T00:00:00') }, { from: at('04T00:00:00'), to }] });
    expect(wholeDays(from, undefined)).toEqual({ firstDay: '2026-03-02', lastDay: null, edges: [{ from, to: at('02T00:00:00') }] });
    expect(wholeDays(undefined, to)).toEqual({ firstDay: null, lastDay: '2026-03-04', edges: [{ from: at('04T00:00:00'), to }] });
  });

  it('within a day, or over one midnight, is edges alone', () => {
    const within = wholeDays(at('01T10:00:00'), at('01T11:00:00'));
    expect(within.edges).toEqual([{ from: at('01T10:00:00'), to: at('01T11:00:00') }]);
    expect(within.firstDay).toBe(within.lastDay);
    const over = wholeDays(at('01T23:00:00'), at('02T01:00:00'));
    expect(over.edges).toEqual([{ from: at('01T23:00:00'), to: at('02T01:00:00') }]);
    expect(over.firstDay).toBe(over.lastDay);
  });

  it('that ends before it begins is nothing', () => {
    expect(wholeDays(at('03T10:00:00'), at('01T10:00:00')).edges).toEqual([]);
  });
});
