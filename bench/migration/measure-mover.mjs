import { medianOfRuns } from '../statistics.mjs';
import { fillRedis } from './fill.mjs';

/** Moves of a worker at once. */
const AT_ONCE = 16;

/** The mover alone, one conversation after the other and as many at once as a worker moves, and the limits: slices by turns, so that whatever else the machine does meets all of them. */
export async function measureMover({ extent, fill, open }, update) {
  const { runs, batch, shapes, saves, single } = extent;
  update('opening');
  const mover = await open('mover', { database: 'ours_moves' });
  const limits = await open('limits', { database: 'ours_limits', hasSearch: true, batch });
  const bare = await open('limits', { database: 'ours_bare', hasSearch: false, batch });
  const cells = {};
  for (let run = 0; run <= runs; run++) {
    for (const [shape, { slice }] of Object.entries(shapes)) {
      const works = {
        move: async () => mover.ask({ refs: await fillRedis(fill, slice), messages: slice.messages }),
        moveTogether: async () => mover.ask({ refs: await fillRedis(fill, slice), messages: slice.messages, atOnce: AT_ONCE }),
        unnest: () => limits.ask({ measure: 'unnest', ...slice }),
        unnestTogether: () => limits.ask({ measure: 'unnestTogether', ...slice }),
        copy: () => limits.ask({ measure: 'copy', ...slice }),
        unnestBare: () => bare.ask({ measure: 'unnest', ...slice }),
        copyBare: () => bare.ask({ measure: 'copy', ...slice }),
        save: () => limits.ask({ measure: 'save', ...sampleOf(slice, saves) }),
      };
      for (const [name, work] of Object.entries(works)) {
        update(`run ${run} of ${runs}: ${name}, ${shape}`);
        const { perSecond } = await work();
        // The first run warms up and does not count.
        if (run > 0) (cells[`${shape}.${name}`] ??= []).push({ perSecond });
      }
    }
  }
  update(`conversations of ${single.messages} messages`);
  const one = await moveAll({ fill, mover }, single);
  await Promise.all([mover, limits, bare].map(({ stop }) => stop()));
  return { one, timings: Object.fromEntries(Object.entries(cells).map(([cell, all]) => [cell, { all, median: medianOfRuns(all) }])) };
}

/** Peak memory of movers that are new, over conversations of different lengths. Last: with it first, one worker over short conversations was a third slower. */
export async function measureMemory({ extent, fill, open }, update) {
  const memory = [];
  for (const length of extent.lengths) {
    update(`conversations of ${length.messages} messages`);
    const fresh = await open('mover', { database: 'ours_moves' });
    memory.push({ ...length, ...(await moveAll({ fill, mover: fresh }, length)) });
    await fresh.stop();
  }
  return memory;
}

async function moveAll({ fill, mover }, { conversations, messages }) {
  return mover.ask({ refs: await fillRedis(fill, { conversations, messages }), messages });
}

/** As many conversations as have so many messages, or the beginning of one. */
function sampleOf({ messages }, count) {
  return messages >= count ? { conversations: 1, messages: count } : { conversations: Math.ceil(count / messages), messages };
}
