// One client that reads the whole log of an ended run, over a WebSocket or as server-sent events, and parses every event.
import { Client } from 'undici';
import WebSocket from 'ws';
import { CommandError } from '../../scripts/command.mjs';
import { serveHelper } from '../helper.mjs';
import { ReplayedLog } from './replayed-log.mjs';

const KINDS = { socket: openSocket, sse: openSse };

await serveHelper(async ({ kind, ...target }) => ({ answer: await KINDS[kind](target) }));

async function openSocket({ url, key, executionId }) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?sessionId=bench-replay`, { headers: { authorization: `Bearer ${key}` } });
  let current = Promise.withResolvers();
  let log = new ReplayedLog();
  socket.on('close', (code) => current.reject(new CommandError(`The WebSocket was closed: ${code}`)));
  socket.on('error', (error) => current.reject(new CommandError(`The WebSocket failed: ${error.message}`)));
  socket.on('message', (text) => {
    const frame = JSON.parse(text);
    if (frame.type === 'error') current.reject(new CommandError(frame.data.message));
    else if (frame.type === 'connection.ack' || (frame.seq !== undefined && log.take(frame))) current.resolve();
  });
  await current.promise;
  return async () => {
    current = Promise.withResolvers();
    log = new ReplayedLog();
    socket.send(JSON.stringify({ type: 'subscribe', data: { executionId, after: 0 } }));
    await current.promise;
    return log.result();
  };
}

async function openSse({ url, key, executionId }) {
  const client = new Client(url);
  return async () => {
    const log = new ReplayedLog();
    const { statusCode, body } = await client.request({ method: 'GET', path: `/api/v1/executions/${executionId}/events`, headers: { authorization: `Bearer ${key}` } });
    if (statusCode !== 200) throw new CommandError(`The event stream answered ${statusCode}.`);
    let rest = '';
    for await (const chunk of body.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line.startsWith('data: ')) log.take(JSON.parse(line.slice('data: '.length)));
    }
    return log.result();
  };
}
