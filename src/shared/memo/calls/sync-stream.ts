import type { MemoStore } from '../cache/memo-store.js';
import type { EntryKey } from '../entry/entry-key.js';
import { MISS } from '../symbols.js';
import type { FunctionPlan } from './function-plan.js';
import { Recording, entryOf, itemsOf } from './recording.js';

/** Whatever it yields, returns, and is sent. */
export type Stream = Generator<unknown, unknown, unknown>;

/** Calls of a generator function. A stream is kept once it has ended, and never when its consumer stopped before. */
export function syncStream(store: MemoStore, plan: FunctionPlan, self: unknown, args: readonly unknown[]): Stream {
  const key = plan.keyOf(self, args);
  return key ? replayOrRun({ store, plan, key }, self, args) : (plan.run(self, args) as Stream);
}

interface SyncStreaming {
  readonly store: MemoStore;
  readonly plan: FunctionPlan;
  readonly key: EntryKey;
}

function* replayOrRun(streaming: SyncStreaming, self: unknown, args: readonly unknown[]): Stream {
  const { store, plan, key } = streaming;
  const fed = store.fed(plan, self, args);
  if (fed !== MISS) return yield* fed as Iterable<unknown, unknown>;
  const entry = store.read(key);
  if (entry === undefined) return yield* record(streaming, self, args);
  yield* itemsOf(plan, entry);
  return entry.metadata['returned'];
}

function* record({ store, plan, key }: SyncStreaming, self: unknown, args: readonly unknown[]): Stream {
  const since = store.begin();
  if (!plan.stillIs(key, self, args)) return yield* plan.run(self, args) as Stream;
  const [draft, recording] = [plan.draft(key, self, args), new Recording()];
  const source = plan.run(self, args) as Stream;
  let isEnded = false;
  try {
    for (let sent: unknown; ; ) {
      // So that one that throws counts as ended.
      isEnded = true;
      const step = source.next(sent);
      if (step.done === true) {
        store.keep(entryOf(plan, draft, recording, step.value), since);
        return step.value;
      }
      isEnded = false;
      recording.add(step.value);
      sent = yield step.value;
      recording.sent(sent);
    }
  } finally {
    if (!isEnded) source.return(undefined);
  }
}
