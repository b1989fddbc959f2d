import type { AsyncMemoStore } from '../cache/async-memo-store.js';
import type { MemoStore } from '../cache/memo-store.js';
import type { EntryKey } from '../entry/entry-key.js';
import { MISS } from '../symbols.js';
import type { FunctionPlan } from './function-plan.js';
import type { Stream } from './sync-stream.js';
import { Recording, entryOf, itemsOf } from './recording.js';

/** Whatever it yields, returns, and is sent. */
export type AsyncStream = AsyncGenerator<unknown, unknown, unknown>;

/** The same for async generators, over either kind of backend. */
export function asyncStream(store: MemoStore | AsyncMemoStore, plan: FunctionPlan, self: unknown, args: readonly unknown[]): AsyncStream {
  const key = plan.keyOf(self, args);
  return key ? replayOrRunAsync({ store, plan, key }, self, args) : (plan.run(self, args) as AsyncStream);
}

interface AsyncStreaming {
  readonly store: MemoStore | AsyncMemoStore;
  readonly plan: FunctionPlan;
  readonly key: EntryKey;
}

async function* replayOrRunAsync(streaming: AsyncStreaming, self: unknown, args: readonly unknown[]): AsyncStream {
  const { store, plan, key } = streaming;
  const fed = store.fed(plan, self, args);
  if (fed !== MISS) return yield* fed as AsyncIterable<unknown, unknown>;
  const since = store.since();
  const entry = await store.read(key);
  if (entry === undefined) return yield* recordAsync(streaming, since, { self, args });
  yield* itemsOf(plan, entry);
  return entry.metadata['returned'];
}

async function* recordAsync({ store, plan, key }: AsyncStreaming, since: number, { self, args }: { readonly self: unknown; readonly args: readonly unknown[] }): AsyncStream {
  store.counters.counts.misses++;
  if (!plan.stillIs(key, self, args)) return yield* plan.run(self, args) as AsyncStream;
  const [draft, recording] = [plan.draft(key, self, args), new Recording()];
  // A generator over an asynchronous backend is promised item by item.
  const source = plan.run(self, args) as AsyncStream | Stream;
  let isEnded = false;
  try {
    for (let sent: unknown; ; ) {
      // So that one that throws counts as ended.
      isEnded = true;
      const step = await source.next(sent);
      if (step.done === true) {
        await store.keep(entryOf(plan, draft, recording, step.value), since);
        return step.value;
      }
      isEnded = false;
      recording.add(step.value);
      sent = yield step.value;
      recording.sent(sent);
    }
  } finally {
    if (!isEnded) await source.return(undefined);
  }
}
