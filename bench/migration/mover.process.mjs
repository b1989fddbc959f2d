// The product's mover in a process of its own.
import { performance } from 'node:perf_hooks';
import { serveHelper } from '../helper.mjs';
import { percentiles } from '../statistics.mjs';
import { openMover } from './product.mjs';

const MIB = 2 ** 20;
const RSS_EVERY_MS = 10;

await serveHelper(async (options) => {
  const { move } = await openMover(options);
  /** @param {{ refs: object[], messages: number, atOnce?: number }} question `messages` of each conversation, `atOnce` moves at once */
  const answer = async ({ refs, messages, atOnce = 1 }) => {
    let peakRss = 0;
    const watch = () => { peakRss = Math.max(peakRss, process.memoryUsage.rss()); };
    const timer = setInterval(watch, RSS_EVERY_MS);
    const times = [];
    const startedAt = performance.now();
    const left = [...refs];
    const busy = async () => {
      while (left.length > 0) {
        const at = performance.now();
        await move(left.shift());
        times.push(performance.now() - at);
        watch();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, busy));
    const seconds = (performance.now() - startedAt) / 1_000;
    clearInterval(timer);
    return { perSecond: (refs.length * messages) / seconds, peakRssMib: peakRss / MIB, ...percentiles(times) };
  };
  return { answer };
});
