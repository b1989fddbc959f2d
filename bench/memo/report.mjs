import { othersNote } from '../neighbours.mjs';
import { metric } from '../result.mjs';
import { goalTable, section } from '../section.mjs';
import { median, medianOfRuns } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { PAIRS } from './pairs.mjs';
import { SUBJECTS } from './subjects.mjs';

export const ARITIES = { one: 'a number', two: 'two numbers', three: 'a text, a number, a boolean', many: 'the same, 5000 calls in turn' };
/** Those that goals are about. */
const AIMED_AT = ['one', 'two', 'three'];
const SYNC_PEERS = ['moize', 'memoizee'];

const MEANING = `- **Nooble** makes the canonical key of every call: it tells apart whatever is not equal, and needs no hash in memory. A function remembers the keys of 2048 calls with primitive arguments, which the 1000 of the first three tables are; 5000 in turn are not, and each makes its key. Every hit is checked for its time and counted; results here are numbers, which need no copy.
- The others are given the shortest key that is right for primitives, which a user would have to write; none brings one. **Wrong keys** are those that each makes of single arguments in the way its documentation advises for arguments of any kind.
- What is awaited is compared with what is awaited: the microtask costs more than the look-up.
- **JSON, SQLite, disk**: \`set\` and \`get\` by hand of an object of 1 KB; each get reads the text, makes the entry of it, and compares its key.`;

/** @param {object} findings `rates`: arity → subject → per second, run by run; `wrong`: subject → names of pairs; `heap`, `stores`: run by run */
export function report({ extent, rates, wrong, heap, stores, others, isQuick }) {
  const notes = [`Hits on 1000 sets of arguments in turn; median of ${extent.runs} runs after a warm-up, which took turns. Each memoiser in a process of its own.`, `Heap: ${extent.keys} keys through a cache of 10 000; the goal is against a cache through which 20 000 have gone.`, othersNote(others)];
  const times = medianOfRuns(stores);
  const tables = [...Object.entries(ARITIES).map(([arity, title]) => rateTable(title, rates[arity])), wrongTable(wrong), heapTable(heap), storeTable(times)];
  const goals = [...AIMED_AT.flatMap((arity) => rateGoals(arity, ARITIES[arity], rates[arity])), ...otherGoals({ wrong, heap, times })];
  const metrics = Object.fromEntries(goals.map(({ key, value, unit, bound, peer }) => [key, metric(value, unit, { goal: bound, peer })]));
  const written = isQuick ? undefined : section({ bench: 'memo', notes, tables, goals, othersShare: Math.max(...others), meaning: MEANING });
  return { runs: extent.runs, notes, tables: [...tables, goalTable(goals)], metrics, section: written };
}

function rateTable(title, cells) {
  const rows = Object.entries(cells).map(([who, runs]) => {
    const like = median(cells[SUBJECTS[who].isAsync ? 'oursAsync' : 'ours']);
    return [SUBJECTS[who].title, millions(median(runs)), `${millions(Math.min(...runs))}–${millions(Math.max(...runs))}`, `${rounded(like / median(runs))} ×`];
  });
  return { title: `Hits: ${title}`, columns: ['', 'per second', 'min–max', 'Nooble/this'], rows };
}

function wrongTable(wrong) {
  const rows = Object.entries(wrong).map(([who, names]) => [SUBJECTS[who].title, String(names.length), names.slice(0, 3).join('; ') + (names.length > 3 ? '; …' : '')]);
  return { title: `Wrong keys of ${PAIRS.length} pairs`, columns: ['', 'wrong', 'such as'], rows };
}

function heapTable({ empty, justFull, full, after }) {
  return { title: 'Heap', columns: ['', 'MiB'], rows: [['empty', mib(empty)], ['as many keys as fit', mib(justFull)], ['twice as many', mib(full)], ['after many more keys', mib(after)]] };
}

function storeTable(times) {
  const rows = Object.entries(times).flatMap(([store, calls]) => Object.entries(calls).map(([call, { p50, p95, p99 }]) => [`${store} ${call}`, ...[p50, p95, p99].map(rounded)]));
  return { title: 'Stores, milliseconds', columns: ['', 'p50', 'p95', 'p99'], rows };
}

function rateGoals(arity, title, cells) {
  const [ours, oursAsync, cachified, pMemoize] = ['ours', 'oursAsync', 'cachified', 'pMemoize'].map((who) => median(cells[who]));
  const best = Math.max(...SYNC_PEERS.map((who) => median(cells[who])));
  return [
    { key: `goal.hits.${arity}`, goal: `hits, ${title}: at least 1 M/s`, value: ours, unit: '1/s', bound: 1e6, shown: `${millions(ours)}/s`, isMet: ours >= 1e6 },
    timesGoal(`cachified.${arity}`, `${title}: at least 4 × cachified`, oursAsync / cachified, 4),
    timesGoal(`peers.${arity}`, `${title}: at least the best of moize and memoizee`, ours / best, 1),
    timesGoal(`pMemoize.${arity}`, `${title}: at least p-memoize`, oursAsync / pMemoize, 1),
  ];
}

function timesGoal(key, goal, value, bound) {
  return { key: `goal.${key}`, goal, value, unit: '×', bound, shown: `${rounded(value)} ×`, isMet: value >= bound };
}

function otherGoals({ wrong, heap, times }) {
  const share = (heap.after - heap.empty) / (heap.full - heap.empty);
  const get = (store) => times[store].get.p50;
  const stores = ['json', 'sqlite'].map((store) => ({ key: `goal.${store}`, goal: `${store} get p50: at most 0.03 ms`, value: get(store), unit: 'ms', bound: 0.03, shown: `${rounded(get(store))} ms`, isMet: get(store) <= 0.03 }));
  return [
    { key: 'goal.wrong', goal: 'wrong keys: none', value: wrong.ours.length, unit: 'keys', bound: 0, shown: String(wrong.ours.length), isMet: wrong.ours.length === 0 },
    ...stores,
    { key: 'goal.heap', goal: 'heap after many keys: at most 1.1 × a full cache', value: share, unit: '×', bound: 1.1, shown: `${rounded(share)} ×`, isMet: share <= 1.1 },
  ];
}

function millions(perSecond) {
  return `${rounded(perSecond / 1e6)} M`;
}

function mib(bytes) {
  return rounded(bytes / 2 ** 20);
}
