import { rounded } from '../table.mjs';
import { percent, ratio } from './goals.mjs';
import { SETTINGS } from './measure-fsync.mjs';
import { MEMORIES, titleOf } from './peers.mjs';
import { bytesOf, partsOf } from './storage-sizes.mjs';

const APPENDS = { ping: 'PING (limit)', rpush: 'RPUSH of the same bytes (limit)', append: 'Nooble, append' };
const KIB = 1024;

/** All tables, in order. */
export function tablesOf({ extent, timings, fsync, storage }) {
  return [turnTable(timings, extent), appendTable(timings, extent), windowTable(timings, extent), lengthTable(timings, extent), storageTable(storage, extent), partTable(storage), fsyncTable(fsync, extent)];
}

function turnTable(timings, { turns, messages, window }) {
  const rows = Object.keys(turns).flatMap((clients) => Object.keys(MEMORIES).flatMap((who) => {
    const cell = timings[`turns.${clients}.${who}`];
    return cell ? [[titleOf(who), clients, ...timingCells(cell), times(timings[`turns.${clients}.ours`].median.perSecond / cell.median.perSecond)]] : [];
  }));
  return { title: `Turns in conversations of ${messages} messages: save two, read the last ${window} (ms)`, columns: ['', 'clients', 'per second', 'min–max', 'p50', 'p99', 'Nooble/this'], rows };
}

function appendTable(timings, { many, messages }) {
  const rows = ['1', ...Object.keys(many)].flatMap((clients) => {
    const cell = timings[`appends.${clients}`];
    return namesIn(cell, APPENDS).map((name) => [APPENDS[name], clients, ...workCells(cell, name), times(ratio(cell, name, 'rpush')), share(ratio(cell, name, 'rpush', 'perSecond'))]);
  });
  return { title: `Appends to conversations of ${messages} messages, by turns on one connection (ms)`, columns: ['', 'clients', 'per second', 'min–max', 'p50', 'p99', 'p50/RPUSH', 'of RPUSHes/s'], rows };
}

function windowTable(timings, { many, window, messages }) {
  const works = {
    ping: 'PING (limit)', lrange20: 'LRANGE of 20 (limit)', lrange200: 'LRANGE of 200 (limit)',
    window: `Nooble, window of ${window}`, windowAll: `Nooble, window of ${messages}`,
  };
  const rowsOf = (kind, clients, titleEnd, of) => namesIn(timings[`${kind}.${clients}`], of).map((name) => {
    const cell = timings[`${kind}.${clients}`];
    return [works[name] + titleEnd, clients, ...workCells(cell, name), times(ratio(cell, name, 'ping')), times(ratio(cell, name, 'lrange20'))];
  });
  const rows = [...['1', ...Object.keys(many)].flatMap((clients) => rowsOf('windows', clients, '', works)), ...rowsOf('firstWindows', '1', ', first in its process', { window: 'window' })];
  return { title: `Windows of conversations of ${messages} messages, by turns on one connection (ms)`, columns: ['', 'clients', 'per second', 'min–max', 'p50', 'p99', 'p50/PING', 'p50/LRANGE of 20'], rows };
}

function lengthTable({ lengths: cell }, { lengths }) {
  const shortest = lengths[0].length;
  const rows = lengths.map(({ length }) => [String(length), ...['append', 'window'].flatMap((what) => {
    const { p50, p99 } = cell.median[what + length];
    return [p50, p99, times(ratio(cell, what + length, what + shortest))];
  })]);
  return { title: 'Length of the conversation, by turns on one connection (ms)', columns: ['messages', 'append p50', 'p99', `p50/at ${shortest}`, 'window p50', 'p99', `p50/at ${shortest}`], rows };
}

function storageTable(storage, { storedTurns }) {
  const rows = Object.entries(storage).flatMap(([who, { one, more }]) => [[who, '1', 1, one], ...(more ? [[who, String(more.count), more.count, more]] : [])]).map(([who, shown, count, found]) => {
    const { tables } = MEMORIES[who];
    const inMessages = bytesOf(found, tables.messages);
    const inAll = inMessages + bytesOf(found, tables.others);
    return [titleOf(who), shown, kib(found.textBytes / count), kib(inMessages / count), times(inMessages / found.textBytes), kib(inAll / count), times(inAll / found.textBytes)];
  });
  const columns = ['', 'conversations', 'text', 'messages', '/text', 'with what else there is', '/text'];
  return { title: `PostgreSQL after ${storedTurns} turns (KiB per conversation)`, columns, rows };
}

function partTable({ ours: { one, more } }) {
  const [table] = MEMORIES.ours.tables.messages;
  const ofMore = new Map(partsOf(more, table));
  const rows = partsOf(one, table).map(([part, bytes]) => [part, kib(bytes), times(bytes / one.textBytes), kib(ofMore.get(part) / more.count), times(ofMore.get(part) / more.textBytes)]);
  return { title: `What Nooble's table ${table} consists of (KiB per conversation)`, columns: ['', '1 conversation', '/text', `${more.count} conversations`, '/text'], rows };
}

function fsyncTable(fsync, { fsync: { clients } }) {
  const works = { rpush: APPENDS.rpush, append: APPENDS.append, turn: 'Nooble, turn' };
  const rows = SETTINGS.flatMap((setting) => Object.keys(works).map((name) => {
    const ofLimit = name === 'turn' ? '' : share(ratio(fsync[setting], name, 'rpush', 'perSecond'));
    return [`${setting}: ${works[name]}`, ...workCells(fsync[setting], name), ofLimit];
  }));
  return { title: `Appends and turns of ${clients} clients under each appendfsync (ms)`, columns: ['', 'per second', 'min–max', 'p50', 'p99', 'of RPUSHes/s'], rows };
}

function namesIn({ median }, of) {
  return Object.keys(of).filter((name) => median[name] !== undefined);
}

function workCells({ all, median }, name) {
  return timingCells({ all: all.map((run) => run[name]), median: median[name] });
}

function timingCells({ all, median: { perSecond, p50, p99 } }) {
  const rates = all.map((run) => run.perSecond);
  return [perSecond, `${rounded(Math.min(...rates))}–${rounded(Math.max(...rates))}`, p50, p99];
}

function times(value) {
  return Number.isFinite(value) ? `${rounded(value)} ×` : '';
}

function share(value) {
  return Number.isFinite(value) ? percent(value) : '';
}

function kib(bytes) {
  return bytes / KIB;
}
