interface Waiting<Item, Result> {
  readonly item: Item;
  readonly outcome: PromiseWithResolvers<Result>;
}

/** How items are gathered. */
export interface GatheringRules<Item, Result> {
  /** Groups on their way at once. */
  readonly groups: number;
  /** Whether what waits is enough for a group beside those that are on their way; otherwise it waits for more, or for the last of them to end. */
  readonly isEnough: (waiting: readonly Item[]) => boolean;
  /** Whether one more goes with those that are together already, at least one. */
  readonly goesWith: (item: Item, group: readonly Item[]) => boolean;
  /** Does all of a group or nothing of it. @returns a result for each item, in their order */
  readonly write: (group: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether it may be one item that a group failed for; if not, all of it fails. Default: it may. */
  readonly failsAlone?: (error: unknown) => boolean;
}

/**
 * Work that costs less together. An item that comes while nothing is on its way begins at once; those that come meanwhile wait, and begin together
 * with what goes with them. A group that fails is done again one by one, so that no item fails for another: what is done must bear being begun twice.
 */
export class Gathering<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = 0;

  constructor(private readonly rules: GatheringRules<Item, Result>) {}

  /** @throws what the item fails with when it is alone */
  async add(item: Item): Promise<Result> {
    const outcome = Promise.withResolvers<Result>();
    this.waiting.push({ item, outcome });
    this.begin();
    return outcome.promise;
  }

  private begin(): void {
    while (this.waiting.length > 0 && this.hasRoom()) {
      this.running++;
      void this.settle(this.takeGroup()).then(() => {
        this.running--;
        this.begin();
      });
    }
  }

  private hasRoom(): boolean {
    if (this.running === 0) return true;
    return this.running < this.rules.groups && this.rules.isEnough(this.waiting.map(({ item }) => item));
  }

  /** What has waited longest, and what goes with it. */
  private takeGroup(): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = [];
    const items: Item[] = [];
    this.waiting = this.waiting.filter((one) => {
      if (items.length > 0 && !this.rules.goesWith(one.item, items)) return true;
      items.push(one.item);
      group.push(one);
      return false;
    });
    return group;
  }

  /** Never rejects. */
  private async settle(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.rules.write(group.map(({ item }) => item));
      group.forEach(({ outcome }, i) => {
        outcome.resolve(results[i] as Result);
      });
    } catch (error) {
      if (group.length > 1 && (this.rules.failsAlone?.(error) ?? true)) for (const one of group) await this.settle([one]);
      else for (const { outcome } of group) outcome.reject(error);
    }
  }
}
