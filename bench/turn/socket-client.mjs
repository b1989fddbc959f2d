import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import { CommandError } from '../../scripts/command.mjs';
import { questionOf, Turn } from './turn-times.mjs';

/**
 * A client whose WebSocket stays open and whose turns all go to one conversation.
 *
 * @param {{ url: string, key: string, agentId: string, sessionId: string }} options
 * @returns {Promise<() => Promise<Record<string, number>>>} takes one turn; resolves with its times in milliseconds
 */
export async function openSocketClient({ url, key, agentId, sessionId }) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?sessionId=${sessionId}`, { headers: { authorization: `Bearer ${key}` } });
  let current = Promise.withResolvers();
  let turn;
  let turns = 0;
  let failure;
  const fail = (reason) => {
    failure ??= new CommandError(reason);
    current.reject(failure);
  };
  socket.on('close', (code, reason) => fail(`The WebSocket was closed: ${code} ${reason}`));
  socket.on('error', (error) => fail(`The WebSocket failed: ${error.message}`));
  const take = (frame, at) => {
    if (frame.type === 'connection.ack') current.resolve();
    else if (frame.type === 'error') fail(`The server answered: ${frame.data?.code} ${frame.data?.message}`);
    else if (frame.seq !== undefined && turn.take(frame, at)) current.resolve(turn.times);
  };
  socket.on('message', (text) => {
    const at = performance.now();
    try {
      take(JSON.parse(text), at);
    } catch (error) {
      fail(error.message);
    }
  });
  await current.promise;
  return async () => {
    if (failure) throw failure;
    current = Promise.withResolvers();
    const frame = JSON.stringify({ type: 'execution.start', data: { agentId, message: questionOf(++turns) } });
    turn = new Turn(performance.now());
    socket.send(frame);
    return current.promise;
  };
}
