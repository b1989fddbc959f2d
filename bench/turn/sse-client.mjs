import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { CommandError } from '../../scripts/command.mjs';
import { Turn } from './turn-times.mjs';

/**
 * A client that starts its turns by REST and follows their events as server-sent events, on one kept connection.
 *
 * @param {{ url: string, key: string, agentId: string, sessionId: string }} options
 * @returns {Promise<() => Promise<Record<string, number>>>} takes one turn; resolves with its times in milliseconds
 */
export async function openSseClient({ url, key, agentId, sessionId }) {
  const client = new Client(url);
  const authorization = `Bearer ${key}`;
  const path = `/api/v1/agents/${agentId}/executions`;
  let turns = 0;
  return async () => {
    const body = JSON.stringify({ sessionId, message: `This is my question number ${++turns}: where is my order?` });
    const turn = new Turn(performance.now());
    const accepted = await client.request({ method: 'POST', path, headers: { authorization, 'content-type': 'application/json' }, body });
    const { eventsUrl } = await jsonOf(accepted, 202);
    const events = await client.request({ method: 'GET', path: eventsUrl, headers: { authorization } });
    if (events.statusCode !== 200) await jsonOf(events, 200);
    await readEvents(events.body.setEncoding('utf8'), turn);
    return turn.times;
  };
}

async function jsonOf({ statusCode, body }, wanted) {
  const answer = await body.json();
  if (statusCode !== wanted) throw new CommandError(`The server answered ${statusCode}: ${answer.code} ${answer.message}`);
  return answer;
}

async function readEvents(chunks, turn) {
  let rest = '';
  let hasEnded = false;
  for await (const chunk of chunks) {
    const at = performance.now();
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data) hasEnded = turn.take(JSON.parse(data.slice('data: '.length)), at);
    }
  }
  // The stream is read to its end, so that its connection can be used again.
  if (!hasEnded) throw new CommandError('The event stream ended before the turn did.');
}
