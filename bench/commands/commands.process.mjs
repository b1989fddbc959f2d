// One cache in a process of its own: the compiler of V8 sees only its code.
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { CommandError } from '../../scripts/command.mjs';
import { serveHelper } from '../helper.mjs';
import { SUBJECTS } from './subjects.mjs';

const BACKGROUND = 'You are a helpful assistant of a shop; answer in short, friendly sentences and never guess prices. '.repeat(8);

await serveHelper(async ({ name, commands }) => {
  const cache = await SUBJECTS[name].open();
  const made = Array.from({ length: commands }, (_, i) => makeCommand(i));
  for (const command of made) cache.put(command.id, command.metadata.dbUuid, command);
  const temporaryIds = made.map(({ id }) => id);
  const uuids = made.map(({ metadata }) => metadata.dbUuid);
  const results = [{ messageId: 'm', seq: 2, content: 'One, two, three.' }];
  const measures = {
    byUuid: [uuids, cache.get],
    byTemporaryId: [temporaryIds, cache.get],
    update: [temporaryIds, (id) => cache.update(id, { status: 'completed' })],
    updateResults: [uuids, (id) => cache.update(id, { status: 'completed', results })],
  };
  return { answer: async ({ measure, durationMs }) => rateOf(...measures[measure], durationMs) };
});

/** @returns calls per second */
function rateOf(ids, call, durationMs) {
  const startedAt = performance.now();
  let [count, found] = [0, 0];
  for (; performance.now() - startedAt < durationMs; count += ids.length) {
    for (const id of ids) found += call(id)?.task === undefined ? 0 : 1;
  }
  if (found !== count) throw new CommandError(`Only ${found} of ${count} calls found their command.`);
  return (count * 1000) / (performance.now() - startedAt);
}

function makeCommand(i) {
  return {
    ...{ tenantId: 'bench', id: `cmd_${1_700_000_000_000 + i}_${i.toString(36).padStart(7, '0')}`, agentId: randomUUID(), agentBackground: BACKGROUND, task: `Count to ${i}.`, description: null },
    ...{ targets: ['apples', 'pears'], provider: null, model: null, temperature: null, maxTokens: null, userId: 'user', callerMetadata: { ticket: i }, metadata: { dbUuid: randomUUID() } },
    ...{ status: 'pending', executionId: randomUUID(), conversationId: null, sessionId: null, results: [], error: null, inputTokens: null, outputTokens: null, durationMs: null },
    ...{ createdAt: Date.now(), updatedAt: Date.now() },
  };
}
