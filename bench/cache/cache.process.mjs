// One cache, or one limit, in a process of its own: the compiler of V8 sees only its code.
import { serveHelper } from '../helper.mjs';
import * as herds from './herds.mjs';
import * as invalidation from './invalidation.mjs';
import * as outage from './outage.mjs';
import { CACHES, LIMITS } from './peers.mjs';
import * as staleness from './staleness.mjs';
import * as timings from './timings.mjs';

const MEASURES = { ...herds, ...invalidation, ...outage, ...staleness, ...timings };

await serveHelper(async ({ name, ...options }) => {
  // What a cache throws beside its answers must not end the measuring; a call that it leaves without an answer counts as hanging.
  process.on('uncaughtException', () => undefined).on('unhandledRejection', () => undefined);
  const { openCache } = await ({ ...CACHES, ...LIMITS })[name].open();
  const cache = { forget: () => undefined, valueOf: (answer) => answer, ...(await openCache({ name, ...options })) };
  const prefix = [name, options.variant, 'bench'].filter(Boolean).join('-');
  const at = (key) => cache.at(`${prefix}-${key}`);
  return { answer: ({ measure, ...question }) => MEASURES[measure]({ ...cache, at }, question) };
});
