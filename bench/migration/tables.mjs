import { rounded } from '../table.mjs';
import { SHAPES, percent, ratio } from './goals.mjs';

const WORKS = {
  move: 'Nooble, moved and verified, one conversation at a time',
  moveTogether: 'Nooble, moved and verified, 16 at once as in a worker',
  unnest: 'bare unnest insert, one connection',
  unnestTogether: 'bare unnest insert, four connections',
  copy: 'COPY, one connection',
  unnestBare: 'bare unnest insert without the full-text index',
  copyBare: 'COPY without the full-text index',
  save: 'TypeORM save',
};

export function tablesOf({ extent, mover, workers, foreground }) {
  return [...Object.keys(SHAPES).map((shape) => rateTable(shape, { extent, mover, workers })), singleTable(mover, extent), memoryTable(mover), appendTable(foreground)];
}

function rateTable(shape, { extent: { shapes }, mover: { timings }, workers }) {
  const { conversations, messages, slice } = shapes[shape];
  const rows = Object.entries(WORKS).map(([name, title]) => {
    const { all, median: { perSecond } } = timings[`${shape}.${name}`];
    const rates = all.map((run) => run.perSecond);
    return [title, perSecond, `${rounded(Math.min(...rates))}–${rounded(Math.max(...rates))}`, percent(ratio(timings, `${shape}.${name}`, `${shape}.unnest`))];
  });
  const ofWorkers = [1, 2].map((count) => {
    const { perSecond } = workers[`${shape}${count}`];
    return [`Nooble, ${count} worker${count === 1 ? '' : 's'}: ${conversations} × ${messages} from the queue`, perSecond, '', percent(perSecond / timings[`${shape}.unnest`].median.perSecond)];
  });
  return { title: `Messages per second, ${SHAPES[shape]} (by turns, slices of ${slice.conversations} × ${slice.messages})`, columns: ['', 'per second', 'min–max', 'of unnest'], rows: [...rows, ...ofWorkers] };
}

function singleTable({ one: { p50, p95, p99 } }, { single }) {
  return { title: `One move (ms)`, columns: ['', 'p50', 'p95', 'p99'], rows: [[`${single.messages} messages, from Redis until it has left Redis`, p50, p95, p99]] };
}

function memoryTable({ memory }) {
  const rows = memory.map(({ conversations, messages, peakRssMib, perSecond }) => [`${conversations} × ${messages}`, peakRssMib, peakRssMib / memory[0].peakRssMib, perSecond]);
  return { title: 'Memory of one mover, each in a process of its own', columns: ['conversations × messages', 'peak RSS, MiB', '× the first', 'messages per second'], rows };
}

function appendTable({ quiet, moving, inserting }) {
  const row = (title, { all, median: { p50, p99 } }) => [title, p50, p99, `${rounded(Math.min(...all.map((run) => run.p99)))}–${rounded(Math.max(...all.map((run) => run.p99)))}`];
  const rows = [row('nothing moves', quiet), row('one worker moves', moving), row('bare unnest insert, four connections, no worker', inserting)];
  return { title: 'Appends of a client in the foreground (ms)', columns: ['', 'p50', 'p99', 'p99 min–max'], rows };
}
