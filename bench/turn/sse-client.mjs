import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { CommandError } from '../../scripts/command.mjs';
import { readEventStream } from './event-stream.mjs';
import { questionOf, Turn } from './turn-times.mjs';

/**
 * A client that starts its turns by REST and has their events in the same answer, on one kept connection.
 *
 * @param {{ url: string, path: string, key: string, sessionId: string }} options `path` takes a POST
 * @returns {Promise<() => Promise<Record<string, number>>>} takes one turn; resolves with its times in milliseconds
 */
export async function openSseClient({ url, path, key, sessionId }) {
  const client = new Client(url);
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  let turns = 0;
  return async () => {
    const body = JSON.stringify({ sessionId, message: questionOf(++turns) });
    const turn = new Turn(performance.now());
    const answer = await client.request({ method: 'POST', path, headers, body });
    if (answer.statusCode !== 200) throw new CommandError(`The server answered ${answer.statusCode}: ${await answer.body.text()}`);
    let hasEnded = false;
    await readEventStream(answer.body, ({ data }, at) => {
      hasEnded = turn.take(JSON.parse(data), at);
    });
    if (!hasEnded) throw new CommandError('The event stream ended before the turn did.');
    return turn.times;
  };
}
