import { performance } from 'node:perf_hooks';
import { CommandError } from '../../scripts/command.mjs';
import { percentiles } from '../statistics.mjs';
import { makeValue } from './values.mjs';

const KEYS = 256;
const load = async () => makeValue();
let missed = 0;

/** Hits of the memory, one after the other. @returns per second */
export async function hits({ at, read }, { durationMs }) {
  const places = await warm({ at, read });
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < durationMs; count += KEYS) {
    for (const place of places) await read(place, refuse);
  }
  return (count * 1000) / (performance.now() - startedAt);
}

/** The same without promises. @returns per second */
export async function peeks({ at, read, peek }, { durationMs }) {
  const places = await warm({ at, read });
  const startedAt = performance.now();
  let [count, found] = [0, 0];
  for (; performance.now() - startedAt < durationMs; count += KEYS) {
    for (const place of places) found += peek(place) === undefined ? 0 : 1;
  }
  if (found !== count) throw new CommandError(`Only ${found} of ${count} peeks found something.`);
  return (count * 1000) / (performance.now() - startedAt);
}

/** Reads that Redis answers, one after the other. @returns milliseconds */
export async function remoteHits({ at, readRemote, forget }, { count }) {
  const places = placesOf(at);
  for (const place of places) await readRemote(place, load);
  return timesOf(count, async (i) => {
    const place = places[i % KEYS];
    await forget(place);
    return () => readRemote(place, refuse);
  });
}

/** GET of the same value with the connection that the cache itself uses. @returns milliseconds */
export async function bareGets({ bareClient }, { count }) {
  await bareClient.set('bench-bare', JSON.stringify(makeValue()));
  return timesOf(count, async () => () => bareClient.get('bench-bare'));
}

/**
 * A GET and a read that Redis answers by turns, with the same connection: a machine that sleeps between two answers is as slow for one as
 * for the other. @returns p50 of the reads by p50 of the GETs
 */
export async function pairedRatio({ at, readRemote, forget, bareClient }, { count }) {
  await bareClient.set('bench-bare', JSON.stringify(makeValue()));
  const places = placesOf(at);
  for (const place of places) await readRemote(place, load);
  const [gets, reads] = [[], []];
  for (let i = 0; i < count; i++) {
    const place = places[i % KEYS];
    await forget(place);
    const startedAt = performance.now();
    await bareClient.get('bench-bare');
    const between = performance.now();
    await readRemote(place, refuse);
    gets.push(between - startedAt);
    reads.push(performance.now() - between);
  }
  return percentiles(reads).p50 / percentiles(gets).p50;
}

/** Reads of what is nowhere yet, with a loader that takes no time. @returns milliseconds */
export async function misses({ at, read }, { count }) {
  return timesOf(count, async () => {
    const place = at(`miss-${missed++}`);
    return () => read(place, load);
  });
}

async function timesOf(count, prepare) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const work = await prepare(i);
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return percentiles(times);
}

async function warm({ at, read }) {
  const places = placesOf(at);
  for (const place of places) await read(place, load);
  return places;
}

function placesOf(at) {
  return Array.from({ length: KEYS }, (_, i) => at(`hit-${i}`));
}

async function refuse() {
  throw new CommandError('What had to be in the cache was not.');
}
