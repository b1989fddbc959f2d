// One memoiser in a process of its own: the compiler of V8 sees only its code.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CommandError } from '../../scripts/command.mjs';
import { serveHelper } from '../helper.mjs';
import { percentiles } from '../statistics.mjs';
import { wrongKeys } from './pairs.mjs';
import { MAX_ENTRIES, SUBJECTS, openMemo } from './subjects.mjs';

const CALLS = 1_000;
/** More than a memoised function of ours remembers the keys of. */
const MANY_CALLS = 5_000;
const KEPT = { name: 'A value of some size', tags: ['a', 'b'], text: 'word '.repeat(200) };

await serveHelper(async ({ name }) => {
  if (name === 'stores') return { answer: async ({ gets }) => measureStores(gets) };
  const { memoize, general } = await SUBJECTS[name].open();
  const { isAsync } = SUBJECTS[name];
  let runs = 0;
  const bodies = {
    one: (x) => x + runs++ * 0,
    two: (x, y) => x + y + runs++ * 0,
    three: (id, x, isOn) => id.length + x + Number(isOn) + runs++ * 0,
    many: (id, x, isOn) => id.length + x + Number(isOn) + runs++ * 0,
  };
  const functions = Object.fromEntries(Object.entries(bodies).map(([arity, fn]) => [arity, memoize(isAsync ? asynchronous(fn) : fn)]));
  const answers = {
    hits: ({ arity, durationMs }) => rateOf(functions[arity], argumentsOf(arity), { durationMs, isAsync, runs: () => runs }),
    wrong: () => wrongKeys(general),
    heap: ({ keys }) => heapOf(memoize, keys),
  };
  return { answer: async (question) => answers[question.measure](question) };
});

/** With as many parameters, and the same names. */
function asynchronous(fn) {
  return fn.length === 1 ? async (x) => fn(x) : fn.length === 2 ? async (x, y) => fn(x, y) : async (id, x, isOn) => fn(id, x, isOn);
}

function argumentsOf(arity) {
  const three = (i) => [`user-${i}`, i % 7, i % 2 === 0];
  const of = { one: (i) => [i], two: (i) => [i, 7.5], three, many: three };
  return Array.from({ length: arity === 'many' ? MANY_CALLS : CALLS }, (_, i) => of[arity](i));
}

/** @returns hits per second */
async function rateOf(f, calls, { durationMs, isAsync, runs }) {
  for (const args of calls) await f(...args);
  const before = runs();
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() - startedAt < durationMs; count += calls.length) {
    if (isAsync) for (const args of calls) await f(...args);
    else for (const args of calls) f(...args);
  }
  if (runs() !== before) throw new CommandError(`${runs() - before} of ${count} calls were no hits.`);
  return (count * 1000) / (performance.now() - startedAt);
}

/** Bytes of heap with as many entries as fit, and after many more. */
async function heapOf(memoize, keys) {
  const f = memoize((id) => ({ id, text: `value of ${id}` }));
  const call = async (from, to) => {
    for (let i = from; i < to; i++) await f(`key-${String(i).padStart(9, '0')}`);
  };
  await call(0, 1);
  const empty = heapUsed();
  await call(0, MAX_ENTRIES);
  const justFull = heapUsed();
  // Twice as many as fit: the first removals have been compiled, and tables have their size.
  await call(MAX_ENTRIES, 2 * MAX_ENTRIES);
  const full = heapUsed();
  await call(2 * MAX_ENTRIES, keys);
  return { empty, justFull, full, after: heapUsed() };
}

function heapUsed() {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** Times of single gets of the backends that keep texts, milliseconds. */
async function measureStores(gets) {
  const { DiskBackend, JsonFileBackend, MemoCache, SqliteBackend } = await openMemo();
  const folder = mkdtempSync(join(tmpdir(), 'nooble-bench-memo-'));
  const backends = { json: new JsonFileBackend(join(folder, 'json')), sqlite: new SqliteBackend({ file: join(folder, 'cache.db') }), disk: new DiskBackend({ folder: join(folder, 'disk') }) };
  const times = {};
  for (const [name, backend] of Object.entries(backends)) {
    const cache = new MemoCache(backend);
    times[name] = { set: timesOf(CALLS, (i) => cache.set('f', { x: i }, { output: KEPT })), get: timesOf(gets, (i) => cache.get('f', { x: i % CALLS })) };
    cache.close();
  }
  rmSync(folder, { recursive: true, force: true });
  return times;
}

function timesOf(count, call) {
  const samples = Array.from({ length: count }, (_, i) => {
    const startedAt = performance.now();
    call(i);
    return performance.now() - startedAt;
  });
  return percentiles(samples);
}
