import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { MEMORIES } from './peers.mjs';
import { bytesOf } from './storage-sizes.mjs';

const APPEND_TIMES = 1.3;
const APPEND_SHARE = 0.6;
const WINDOW_TIMES = 1.5;
const PEER_TIMES = 5;
/** What "independent of the length" means here: a choice, as two runs of the same differ by some percent. */
const LENGTH_TIMES = 1.2;
const STORAGE_TIMES = 1.3;

/**
 * The goals, each with what was measured.
 *
 * @returns {{ key: string, goal: string, value: number, unit: string, shown: string, bound: number, isMet: boolean, limit?: number, peer?: number }[]}
 */
export function goalsOf({ extent, timings, storage }) {
  const crowds = Object.keys(extent.many);
  return [
    atMost({ key: 'goal.append', goal: `append p50, at most ${APPEND_TIMES} × a bare RPUSH of the same bytes, by turns on one connection`, value: ratio(timings['appends.1'], 'append', 'rpush'), bound: APPEND_TIMES }),
    ...crowds.map((clients) => appendShare(clients, timings)),
    atMost({ key: 'goal.window', goal: `window of ${extent.window} p50, warm, at most ${WINDOW_TIMES} × a bare PING, by turns on one connection`, value: ratio(timings['windows.1'], 'window', 'ping'), bound: WINDOW_TIMES }),
    ...Object.keys(extent.turns).map((clients) => peerGoal(clients, timings)),
    ...['append', 'window'].map((what) => lengthGoal(what, { extent, timings })),
    storageGoal(storage, extent),
  ];
}

function appendShare(clients, timings) {
  const value = ratio(timings[`appends.${clients}`], 'append', 'rpush', 'perSecond');
  return { ...atLeast({ key: `goal.appendShare.${clients}`, goal: `appends per second, ${clients} clients, at least ${percent(APPEND_SHARE)} of pipelined RPUSH`, value, bound: APPEND_SHARE, unit: 'share' }), shown: percent(value) };
}

function peerGoal(clients, timings) {
  const ours = timings[`turns.${clients}.ours`];
  const peers = peersAt(clients, timings);
  const value = median(ours.all.map(({ perSecond }, i) => perSecond / Math.max(...peers.map(({ all }) => all[i].perSecond))));
  return atLeast({ key: `goal.peer.${clients}`, goal: `turns per second, ${plural(clients)}, at least ${PEER_TIMES} × the best peer`, value, bound: PEER_TIMES, peer: 1 });
}

function lengthGoal(what, { extent: { lengths }, timings }) {
  const [shortest, longest] = [lengths.at(0).length, lengths.at(-1).length];
  const value = ratio(timings.lengths, `${what}${longest}`, `${what}${shortest}`);
  return atMost({ key: `goal.length.${what}`, goal: `${what} p50 at ${longest} messages, at most ${LENGTH_TIMES} × at ${shortest}, by turns`, value, bound: LENGTH_TIMES });
}

function storageGoal({ ours: { one } }, { storedTurns }) {
  const value = bytesOf(one, MEMORIES.ours.tables.messages) / one.textBytes;
  return atMost({ key: 'goal.storage', goal: `table messages after ${storedTurns} turns, at most ${STORAGE_TIMES} × the text`, value, bound: STORAGE_TIMES });
}

/** One work by another, run by run, then the median: what disturbs a whole run does not count. NaN where the other was not measured. */
export function ratio({ all }, name, by, figure = 'p50') {
  return median(all.map((run) => run[name][figure] / (run[by]?.[figure] ?? NaN)));
}

/** The cells of the peers that were measured with so many clients. */
export function peersAt(clients, timings) {
  return Object.entries(timings).filter(([cell]) => cell.startsWith(`turns.${clients}.`) && !cell.endsWith('.ours')).map(([, timing]) => timing);
}

export function plural(clients) {
  return `${clients} client${String(clients) === '1' ? '' : 's'}`;
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function atMost(figure) {
  return { unit: '×', shown: `${rounded(figure.value)} ×`, isMet: figure.value <= figure.bound, limit: 1, ...figure };
}

function atLeast(figure) {
  return { unit: '×', shown: `${rounded(figure.value)} ×`, isMet: figure.value >= figure.bound, ...figure };
}
