// Many sockets that follow one live run. What counts is the time from an event's `at`, when the worker wrote it, to its arrival at each socket.
import WebSocket from 'ws';
import { CommandError } from '../../scripts/command.mjs';
import { serveHelper } from '../helper.mjs';
import { percentiles } from '../statistics.mjs';

await serveHelper(async ({ url, key, sockets: count }) => {
  const sockets = [];
  // In portions: a listener's backlog of connections is finite.
  for (let i = 0; i < count; i += 50) sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, k) => open(url, key, i + k)))));
  return { answer: async ({ executionId }) => summary(await Promise.all(sockets.map((socket) => follow(socket, executionId)))) };
});

function open(url, key, i) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?sessionId=bench-audience-${i}`, { headers: { authorization: `Bearer ${key}` } });
  return new Promise((resolve, reject) => {
    socket.once('message', () => resolve(socket));
    socket.once('error', (error) => reject(new CommandError(`The WebSocket failed: ${error.message}`)));
  });
}

function follow(socket, executionId) {
  return new Promise((resolve, reject) => {
    const arrivals = [];
    const onMessage = (text) => {
      const now = Date.now();
      const { type, seq, at } = JSON.parse(text);
      if (seq !== undefined) arrivals.push({ seq, ms: now - Date.parse(at) });
      if (type !== 'execution.completed') return;
      socket.off('message', onMessage);
      const isDense = arrivals.every(({ seq: each }, k) => each === k + 1);
      if (isDense) resolve(arrivals);
      else reject(new CommandError('A socket did not receive every event once and in order.'));
    };
    socket.on('message', onMessage);
    socket.send(JSON.stringify({ type: 'subscribe', data: { executionId } }));
  });
}

/** Of the events behind the middle of the run: by then every socket follows it live. */
function summary(all) {
  const half = Math.floor(all[0].length / 2);
  const times = all.flatMap((arrivals) => arrivals.slice(half).map(({ ms }) => ms));
  return { events: all[0].length, deliveries: times.length, times: percentiles(times) };
}
