// A client in the foreground: appends one after the other, at the pace of somebody who also does something else.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../conversations/product.mjs';
import { makeTurns, messagesOf } from '../conversations/text.mjs';
import { serveHelper } from '../helper.mjs';
import { percentiles } from '../statistics.mjs';

const CONVERSATIONS = 32;
const PAUSE_MS = 1;
const TENANT = 'foreground';
const TEXTS = messagesOf(makeTurns(200));

await serveHelper(async ({ redisUrl }) => {
  const store = await openStore({ redisUrl });
  const answer = async ({ durationMs }) => {
    const refs = Array.from({ length: CONVERSATIONS }, () => store.newRef(TENANT));
    for (const ref of refs) await store.begin(ref);
    const times = [];
    const endAt = performance.now() + durationMs;
    for (let i = 0; performance.now() < endAt; i++) {
      const message = store.newMessage({ ...TEXTS[i % TEXTS.length], tokens: 200 });
      const at = performance.now();
      await store.append(refs[i % CONVERSATIONS], message);
      times.push(performance.now() - at);
      await sleep(PAUSE_MS);
    }
    return { count: times.length, ...percentiles(times) };
  };
  return { answer };
});
