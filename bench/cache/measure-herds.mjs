import { median } from '../statistics.mjs';
import { CACHES } from './peers.mjs';

const CALLERS = 1_000;
const LOAD_MS = 10;
const PROCESSES = 3;
const CALLERS_EACH = 300;
/** Long enough that all processes have asked before the first load ends. */
const SHARED_LOAD_MS = 50;
/** Rounds that do not count. */
const WARM_UP = 3;
/** Until the common start: time for the question to reach every process. */
const LEAD_MS = 60;

/** Many callers of one missing key: in one process, and in several at the same moment. */
export async function measureHerds({ extent: { rounds }, open }, update) {
  const findings = {};
  for (const name of Object.keys(CACHES)) {
    update(name);
    const helpers = await Promise.all(Array.from({ length: PROCESSES }, () => open(name)));
    const [first] = helpers;
    const alone = [];
    const together = [];
    for (let round = -WARM_UP; round < rounds; round++) {
      const one = await first.ask({ measure: 'herd', key: `herd-${round}`, callers: CALLERS, loadMs: LOAD_MS });
      const question = { measure: 'herd', key: `herds-${round}`, callers: CALLERS_EACH, loadMs: SHARED_LOAD_MS, startAt: Date.now() + LEAD_MS };
      const many = await Promise.all(helpers.map(({ ask }) => ask(question)));
      if (round < 0) continue;
      alone.push(one);
      together.push(many.reduce((sum, { loads }) => sum + loads, 0));
    }
    await Promise.all(helpers.map(({ stop }) => stop()));
    findings[name] = { alone: { loads: alone.map(({ loads }) => loads), overMs: alone.map(({ overMs }) => overMs) }, together };
  }
  return findings;
}

/** The highest of the loads counts: one too many is one too many. */
export function summary({ alone, together }) {
  return { loads: Math.max(...alone.loads), overMs: median(alone.overMs), loadsTogether: Math.max(...together) };
}
