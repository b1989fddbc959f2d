import { median } from '../statistics.mjs';
import { rounded } from '../table.mjs';
import { CLIENTS, SUBJECTS } from './cells.mjs';
import { ratio } from './goals.mjs';

const MARKS = { firstEvent: 'first event', firstToken: 'first token', end: 'end', pickUp: 'pick-up' };

/** Turns, ours and the peer's. */
export function turnTable(results) {
  const rows = cellsWhere(({ server }) => server !== undefined).flatMap(([subject, clients]) => {
    const { all, median: { perSecond, serverCpuMs, cpuMs, times } } = results[subject + clients];
    const heads = [SUBJECTS[subject].title, String(clients), perSecond, range(all), serverCpuMs, cpuMs];
    return Object.entries(MARKS).filter(([mark]) => times[mark]).map(([mark, title], i) => [...(i === 0 ? heads : heads.map(() => '')), title, times[mark].p50, times[mark].p95, times[mark].p99]);
  });
  return { title: 'Turns (request to …, ms)', columns: ['', 'clients', 'turns/s', 'min–max', 'server CPU ms/turn', 'client CPU', 'to', 'p50', 'p95', 'p99'], rows };
}

/** What the machine can do at best. */
export function limitTable(results) {
  const rows = cellsWhere(({ server }) => server === undefined).map(([subject, clients]) => {
    const { all, median: { perSecond, times: { end } } } = results[subject + clients];
    return [SUBJECTS[subject].title, String(clients), perSecond, range(all), end.p50, end.p95, end.p99];
  });
  return { title: 'Limits (ms)', columns: ['', 'clients', 'per second', 'min–max', 'p50', 'p95', 'p99'], rows };
}

/** Ours by the limits and by the peer, run by run. */
export function ratioTable(results) {
  const token = (run) => run.times.firstToken.p50;
  const rate = ({ perSecond }) => perSecond;
  const latency = ['sse', 'socket'].map((subject) => {
    const { all } = results[`${subject}1`];
    const byLimit = median(all.map((run, i) => token(run) / (results.redis1.all[i].times.end.p50 + token(results.echo1.all[i]))));
    return [`${SUBJECTS[subject].title}, 1 client: first token p50`, times(byLimit), times(ratio(results[`${subject}1`], results.langgraph1, token))];
  });
  const throughput = [32, 64].map((clients) => [`${SUBJECTS.sse.title}, ${clients} clients: turns/s`, clients === 32 ? times(ratio(results.sse32, results.job32, rate)) : '', times(ratio(results[`sse${clients}`], results[`langgraph${clients}`], rate))]);
  return { title: 'Against the limits and the peer', columns: ['', 'by the limit', 'by LangGraph'], rows: [...latency, ...throughput] };
}

function cellsWhere(isWanted) {
  return Object.entries(CLIENTS).filter(([subject]) => isWanted(SUBJECTS[subject])).flatMap(([subject, counts]) => counts.map((clients) => [subject, clients]));
}

function times(value) {
  return `${rounded(value)} ×`;
}

function range(all) {
  const rates = all.map(({ perSecond }) => perSecond);
  return `${rounded(Math.min(...rates))}–${rounded(Math.max(...rates))}`;
}
