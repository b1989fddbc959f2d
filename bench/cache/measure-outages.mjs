import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../statistics.mjs';
import { openBlackHole } from './black-hole.mjs';
import { CACHES, VARIANTS } from './peers.mjs';

/** The answers that are on their way are let through. */
const SETTLE_MS = 100;

/** Redis accepts everything and answers nothing: how long do reads take whose loader takes no time? */
export async function measureOutages({ extent: { capMs }, open, redisUrl }, update) {
  const findings = [];
  const ways = [...Object.keys(CACHES).map((name) => ({ name })), ...Object.keys(VARIANTS.forOutages).map((name) => ({ name, variant: 'forOutages' }))];
  for (const { name, variant } of ways) {
    update(`${name} ${variant ?? ''}`);
    const hole = await openBlackHole(redisUrl);
    const helper = await open(name, { redisUrl: hole.url, variant });
    await helper.ask({ measure: 'beforeOutage' });
    await sleep(SETTLE_MS);
    hole.swallow();
    const { first, later } = await helper.ask({ measure: 'outage', capMs });
    findings.push({ name, variant, first, later: together(later) });
    await helper.stop();
    hole.close();
  }
  return findings;
}

/** The worst outcome and the 99th percentile of the times. */
function together(calls) {
  const worst = ['hangs', 'failed', 'answered'].find((outcome) => calls.some((call) => call.outcome === outcome));
  return { ms: percentile(calls.map(({ ms }) => ms), 99), outcome: worst, count: calls.length };
}
