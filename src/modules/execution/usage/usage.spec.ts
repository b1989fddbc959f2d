import { describe, expect, it } from '@jest/globals';
import { rateOf } from './rate-of.js';
import { limitError } from './usage.errors.js';
import { exceededBy, renewedAt, type RunClaim, type UsageReading } from './usage.js';

const NOTHING = { tokens: 0, costMicros: 0 };
const reading = (fields: Partial<UsageReading> = {}): UsageReading => ({ minute: { taken: 0, resetMs: 1 }, day: { taken: 0, resetMs: 2 }, running: 0, spent: { today: NOTHING, thisMonth: NOTHING, reserved: NOTHING }, ...fields });
const claim = (limits: RunClaim['limits'], wanted: Partial<RunClaim> = {}): RunClaim => ({ limits, ...NOTHING, ...wanted });

describe('a turn', () => {
  it.each<[string, RunClaim, Partial<UsageReading>, object]>([
    ['turns of a minute', claim({ requestsPerMinute: 10 }), { minute: { taken: 10, resetMs: 42_000 } }, { name: 'requestsPerMinute', taken: 10, resetMs: 42_000 }],
    ['turns of a day, which is the longer wait', claim({ requestsPerMinute: 1, requestsPerDay: 1 }), { minute: { taken: 1, resetMs: 1 }, day: { taken: 1, resetMs: 9 } }, { name: 'requestsPerDay', taken: 1, resetMs: 9 }],
    ['runs at once', claim({ concurrentRuns: 3 }), { running: 3 }, { name: 'concurrentRuns', running: 3 }],
    ['tokens of a day, with those that are reserved', claim({ tokensPerDay: 100 }, { tokens: 11 }), { spent: { today: { tokens: 50, costMicros: 0 }, thisMonth: NOTHING, reserved: { tokens: 40, costMicros: 0 } } }, { name: 'tokensPerDay', used: 50, reserved: 40 }],
    ['cost of a month', claim({ costMicrosPerMonth: 100 }, { costMicros: 1 }), { spent: { today: NOTHING, thisMonth: { tokens: 0, costMicros: 100 }, reserved: NOTHING } }, { name: 'costMicrosPerMonth', used: 100, reserved: 0 }],
  ])('is refused for its %s', (_, wanted, has, exceeded) => {
    expect(exceededBy(wanted, reading(has))).toEqual(exceeded);
  });

  it('that takes the last of a budget is taken', () => {
    expect(exceededBy(claim({ tokensPerDay: 100 }, { tokens: 10 }), reading({ spent: { today: { tokens: 50, costMicros: 0 }, thisMonth: NOTHING, reserved: { tokens: 40, costMicros: 0 } } }))).toBeNull();
  });

  it('without limits is never refused', () => {
    expect(exceededBy(claim({}, { tokens: 1e9, costMicros: 1e9 }), reading({ running: 1e9, minute: { taken: 1e9, resetMs: 1 } }))).toBeNull();
  });

  it('is told the window with the least left', () => {
    expect(rateOf({ requestsPerMinute: 10, requestsPerDay: 100 }, { minute: { taken: 3, resetMs: 1 }, day: { taken: 98, resetMs: 2 }, isUsageOld: false })).toEqual({ limit: 100, remaining: 2, resetMs: 2 });
    expect(rateOf({}, { minute: { taken: 0, resetMs: 0 }, day: { taken: 0, resetMs: 0 }, isUsageOld: false })).toBeUndefined();
  });
});

describe('a budget', () => {
  it.each([['tokensPerDay', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00.000Z'], ['costMicrosPerMonth', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00.000Z'], ['tokensPerMonth', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00.000Z']] as const)('%s of %s is renewed at %s', (name, now, at) => {
    expect(renewedAt(name, new Date(now)).toISOString()).toBe(at);
  });

  it('that runs hold says to come again soon; one that is spent, when it is renewed', () => {
    const wanted = claim({ tokensPerDay: 100 }, { tokens: 20 });
    expect(limitError({ name: 'tokensPerDay', used: 10, reserved: 85 }, wanted).details).toMatchObject({ left: 5, needed: 20, retryAfterMs: 1_000 });
    const spent = limitError({ name: 'tokensPerDay', used: 90, reserved: 0 }, wanted);
    expect(spent).toMatchObject({ kind: 'limited', code: 'BUDGET_EXHAUSTED', details: { left: 10, renewedAt: expect.stringMatching(/T00:00:00\.000Z$/) } });
    expect(spent.message).toContain('it is renewed at');
  });
});
