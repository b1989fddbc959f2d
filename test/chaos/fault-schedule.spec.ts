import { describe, expect, it } from '@jest/globals';
import { numbers } from '../support/hot-store.js';
import { type Fault, TARGETS, scheduleFaults } from './fault-schedule.js';

const SEEDS = numbers(1, 200);
const longRuns = SEEDS.map((seed) => scheduleFaults(seed, 180_000));
const named = (faults: readonly Fault[]): Set<string> => new Set(faults.map(({ kind, target }) => `${kind} ${target}`));

describe('a schedule of faults', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(scheduleFaults(7, 60_000)).toEqual(scheduleFaults(7, 60_000));
    expect(scheduleFaults(8, 60_000)).not.toEqual(scheduleFaults(7, 60_000));
  });

  it('is in the order of time, and everything is undone before its end', () => {
    for (const faults of longRuns) {
      expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).sort((a, b) => a - b));
      for (const { atMs, forMs } of faults) expect(atMs + forMs).toBeLessThanOrEqual(180_000);
    }
  });

  it('hits nothing that is away already', () => {
    for (const faults of longRuns) {
      for (const target of TARGETS) {
        const ofTarget = faults.filter((fault) => fault.target === target);
        ofTarget.slice(1).forEach(({ atMs }, i) => {
          expect(atMs).toBeGreaterThan(ofTarget[i]!.atMs + ofTarget[i]!.forMs);
        });
      }
    }
  });

  it('has every kind of fault, with two targets away at once now and then', () => {
    expect([...named(longRuns.flat())].sort()).toEqual([
      ...['cut postgres', 'cut redis', 'freeze postgres', 'freeze redis', 'kill api', 'kill postgres', 'kill redis', 'kill worker1', 'kill worker2'],
      ...['refuse postgres', 'refuse redis', 'stop worker1', 'stop worker2'],
    ]);
    const overlap = longRuns.flatMap((faults) => faults.filter(({ atMs }, i) => faults.slice(0, i).some((before) => before.atMs + before.forMs > atMs)));
    expect(overlap.length).toBeGreaterThan(100);
  });

  it('of 30 s has many faults; a long one has a worker that is silent for longer than its lock', () => {
    for (const seed of SEEDS) expect(scheduleFaults(seed, 30_000).length).toBeGreaterThan(5);
    for (const faults of longRuns) expect(faults.filter(({ kind, forMs }) => kind === 'stop' && forMs > 15_000)).toHaveLength(1);
  });
});
