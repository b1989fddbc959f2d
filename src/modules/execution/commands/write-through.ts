/** What is on its way to the store under one key. */
interface Queue<Change> {
  /** Changes that no save carries yet. */
  waiting: Change | undefined;
  saving: Change | undefined;
  /** The save that will carry what is waiting. */
  next: Promise<void> | undefined;
  last: Promise<unknown>;
  failures: number;
}

export interface WriteThroughOptions<Change> {
  /** Writes a change whole or not at all. */
  readonly save: (key: string, change: Change) => Promise<void>;
  /** Whether a failed save may succeed later; otherwise its change is given up. */
  readonly isWorthRetrying: (error: unknown, failures: number) => boolean;
}

/**
 * Changes on their way to a store: in order for each key, those that wait for the same save in one. A change that could not be saved stays, marked
 * dirty, and goes with the next save of its key; later fields win.
 *
 * @source docs/decisions/0031
 */
export class WriteThrough<Change extends object> {
  private readonly queues = new Map<string, Queue<Change>>();

  constructor(private readonly options: WriteThroughOptions<Change>) {}

  /** Resolves once the store has the change. @throws what the save throws; the change is dirty then, unless it was given up */
  async write(key: string, change: Change): Promise<void> {
    const queue = this.queues.get(key) ?? { waiting: undefined, saving: undefined, next: undefined, last: Promise.resolve(), failures: 0 };
    this.queues.set(key, queue);
    queue.waiting = { ...queue.waiting, ...change };
    await this.schedule(key, queue);
  }

  /** What the store does not have yet, as far as is known; undefined when it has all. */
  unsaved(key: string): Change | undefined {
    const { saving, waiting } = this.queues.get(key) ?? {};
    return saving && waiting ? { ...saving, ...waiting } : (saving ?? waiting);
  }

  /** Whether a save has failed since the last one that went well. */
  isDirty(key: string): boolean {
    return (this.queues.get(key)?.failures ?? 0) > 0;
  }

  get dirtyKeys(): readonly string[] {
    return [...this.queues.keys()].filter((key) => this.isDirty(key));
  }

  /** Keys with anything on its way. */
  get size(): number {
    return this.queues.size;
  }

  /** Saves again what is dirty. Never rejects. @returns the keys that were given up */
  async retry(): Promise<readonly string[]> {
    const tried = await Promise.all(this.dirtyKeys.map((key) => this.retryOne(key)));
    return tried.flat();
  }

  /** What is not saved yet never will be: the key is gone from the store. */
  forget(key: string): void {
    this.queues.delete(key);
  }

  private async retryOne(key: string): Promise<string[]> {
    const queue = this.queues.get(key);
    if (!queue) return [];
    await this.schedule(key, queue).catch(() => undefined);
    return this.queues.has(key) || queue.failures === 0 ? [] : [key];
  }

  private schedule(key: string, queue: Queue<Change>): Promise<void> {
    // A save that has not begun takes this change along.
    queue.next ??= queue.last.then(() => this.saveWaiting(key, queue));
    return queue.next;
  }

  private async saveWaiting(key: string, queue: Queue<Change>): Promise<void> {
    const change = queue.waiting;
    Object.assign(queue, { saving: change, waiting: undefined, next: undefined });
    const saved = change === undefined || this.queues.get(key) !== queue ? Promise.resolve() : this.options.save(key, change);
    queue.last = saved.catch(() => undefined);
    try {
      await saved;
      queue.failures = 0;
      queue.saving = undefined;
    } catch (error) {
      queue.failures++;
      queue.saving = undefined;
      if (this.options.isWorthRetrying(error, queue.failures)) queue.waiting = { ...change, ...queue.waiting } as Change;
      throw error;
    } finally {
      if (queue.waiting === undefined && this.queues.get(key) === queue) this.queues.delete(key);
    }
  }
}
