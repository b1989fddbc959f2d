import { LRUCache } from 'lru-cache';

/** One life of a scope: from the moment it is learnt until it is invalidated or forgotten. Entries of the process's memory hold on to it. */
export class Generation {
  isAlive = true;

  constructor(
    /** As Redis has it. */
    readonly id: string,
  ) {}
}

/**
 * What this process knows of the scopes' generations. An entry is valid while all its generations are alive, so one mark
 * invalidates whatever is under a scope, and a forgotten scope makes misses, never stale hits.
 */
export class Generations {
  private readonly known: LRUCache<string, Generation>;

  /** @param max scopes remembered at the most */
  constructor(max: number) {
    this.known = new LRUCache({ max, dispose: (generation) => (generation.isAlive = false) });
  }

  get size(): number {
    return this.known.size;
  }

  /** The scope's present life. @param scopeKey the scope's Redis key @param id as Redis has it now; undefined when Redis cannot be asked */
  learn(scopeKey: string, id: string | undefined): Generation {
    const known = this.known.get(scopeKey);
    if (known !== undefined && (id === undefined || known.id === id)) return known;
    const generation = new Generation(id ?? 'unknown');
    this.known.set(scopeKey, generation);
    return generation;
  }

  end(scopeKey: string): void {
    this.known.delete(scopeKey);
  }

  clear(): void {
    this.known.clear();
  }
}
