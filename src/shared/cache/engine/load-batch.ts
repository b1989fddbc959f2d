/** Gathers the ids that are asked for in one turn of the event loop, and asks for them in one call. */
export class LoadBatch<T> {
  private waiting: { readonly id: string; readonly resolve: (value: T | null) => void; readonly reject: (reason: unknown) => void }[] = [];

  /** @param loadAll answers by id */
  constructor(private readonly loadAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {}

  /** @returns null when the answer has no such id */
  load(id: string): Promise<T | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => void this.flush());
    });
  }

  private async flush(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    try {
      const found = await this.loadAll(batch.map(({ id }) => id));
      for (const { id, resolve } of batch) resolve(found.get(id) ?? null);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
