import type { CacheEntry, EntryDict, Inputs } from '../entry/cache-entry.js';
import { MISS } from '../symbols.js';
import { type FedCall, type FedFunction, SyncMemoBackend } from './memo-backend.js';

/** Is told of every entry that is set. */
export type MemoCallback = (key: bigint, entry: EntryDict) => void;
/** Answers a call instead of its function, or says MISS. */
export type MemoFeed = (func: FedFunction, inputs: Inputs) => unknown;

/** Keeps nothing: tells of every result, and asks others for results. One that throws is reported and passed over. */
export class CallbackBackend extends SyncMemoBackend {
  readonly isPersistent = false;
  private readonly callbacks: readonly MemoCallback[];
  private readonly feeds: readonly MemoFeed[];

  constructor({ callbacks = [], feeds = [] }: { readonly callbacks?: readonly MemoCallback[]; readonly feeds?: readonly MemoFeed[] } = {}) {
    super();
    [this.callbacks, this.feeds] = [callbacks, feeds];
  }

  override feed({ func, inputs }: FedCall): unknown {
    for (const feed of this.feeds) {
      const answer = this.tried(func.name, () => feed(func, inputs));
      if (answer !== MISS) return answer;
    }
    return MISS;
  }

  write(_slot: string, entry: CacheEntry): void {
    for (const callback of this.callbacks) this.tried(entry.func, () => { callback(entry.key, entry.toDict()); });
  }

  read(): undefined {
    return undefined;
  }

  delete(): boolean {
    return false;
  }

  slots(): readonly string[] {
    return [];
  }

  clear(): void {}

  private tried(func: string, work: () => unknown): unknown {
    try {
      return work();
    } catch (error) {
      this.report({ type: 'callbackFailed', func, error });
      return MISS;
    }
  }
}
