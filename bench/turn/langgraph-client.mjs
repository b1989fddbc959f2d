import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { CommandError } from '../../scripts/command.mjs';
import { readEventStream } from './event-stream.mjs';
import { questionOf } from './turn-times.mjs';

const HEADERS = { 'content-type': 'application/json' };
const RUN = { assistant_id: 'echo', stream_mode: ['messages-tuple'] };

/**
 * A client of LangGraph's server whose turns all go to one thread until it is renewed, on one kept connection.
 *
 * @param {{ url: string }} options
 * @returns {Promise<(() => Promise<Record<string, number>>) & { renew: () => Promise<void>, forgetAll: () => Promise<void> }>} takes one turn; resolves with its times
 *   in milliseconds; `forgetAll` takes every thread and run of the server away
 */
export async function openLangGraphClient({ url }) {
  const client = new Client(url, { headersTimeout: 60_000, bodyTimeout: 60_000 });
  let path;
  let turns = 0;
  const post = async (to, body) => {
    const answer = await client.request({ method: 'POST', path: to, headers: HEADERS, body: JSON.stringify(body) });
    if (answer.statusCode !== 200) throw new CommandError(`LangGraph's server answered ${answer.statusCode}: ${await answer.body.text()}`);
    return answer;
  };
  const renew = async () => {
    const { thread_id: threadId } = await (await post('/threads', {})).body.json();
    path = `/threads/${threadId}/runs/stream`;
  };
  const forgetAll = async () => {
    await (await post('/internal/truncate', { runs: true, threads: true, checkpointer: true })).body.dump();
  };
  await renew();
  const turn = async () => {
    const question = questionOf(++turns);
    const startedAt = performance.now();
    const { body } = await post(path, { ...RUN, input: { messages: [{ role: 'user', content: question }] } });
    const times = {};
    await readEventStream(body, ({ event, data }, at) => {
      times.firstEvent ??= at - startedAt;
      if (event === 'error') throw new CommandError(`LangGraph's server answered: ${data}`);
      if (event === 'messages' && data.includes(`You said: ${question}`)) times.firstToken ??= at - startedAt;
    });
    if (times.firstToken === undefined) throw new CommandError("LangGraph's server gave no answer.");
    return { ...times, end: performance.now() - startedAt };
  };
  return Object.assign(turn, { renew, forgetAll });
}
