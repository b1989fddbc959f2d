import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ChaosRun } from '../chaos/chaos-run.js';

const { CHAOS_SECONDS = '30', CHAOS_SEED = String(randomInt(1, 1_000_000)), CHAOS_ALOUD } = process.env;
const [seconds, seed] = [Number(CHAOS_SECONDS), Number(CHAOS_SEED)];
/** To start, to come to rest (a lost worker's job waits for its lock), and to compare. */
const AROUND_MS = 300_000;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

describe('everything is killed, frozen and cut under load', () => {
  it('and every acknowledged message is there once, in order, in whatever way it is read, and archived as the ledger says', async () => {
    const lines: string[] = [];
    say(`chaos: CHAOS_SEED=${CHAOS_SEED} CHAOS_SECONDS=${CHAOS_SECONDS} npm run test:chaos`);
    const { summary, violations } = await ChaosRun.perform({ seed, seconds, say: CHAOS_ALOUD === '1' ? say : (line) => lines.push(line) });
    if (violations.length > 0) lines.forEach(say);
    for (const line of summary) say(`chaos: ${line}`);
    expect(violations).toEqual([]);
  }, seconds * 1_000 + AROUND_MS);
});
