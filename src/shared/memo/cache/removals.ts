/** Removals that are remembered one by one. */
const REMEMBERED = 10_000;

/** Keeps a result that was being computed while its entry was removed from coming back: it is older than the removal. */
export class Removals {
  private tick = 0;
  /** Whatever began before counts as removed. */
  private floor = 0;
  private readonly removed = new Map<string, number>();

  /** To be noted before a result is computed. */
  now(): number {
    return this.tick;
  }

  /** @param text of the key */
  mark(text: string): void {
    this.removed.delete(text);
    this.removed.set(text, ++this.tick);
    if (this.removed.size <= REMEMBERED) return;
    const [oldest] = this.removed;
    if (!oldest) return;
    this.floor = oldest[1];
    this.removed.delete(oldest[0]);
  }

  markAll(): void {
    this.floor = ++this.tick;
    this.removed.clear();
  }

  /** Whether nothing was removed under the key since then. */
  allow(text: string, since: number): boolean {
    return since >= this.floor && since >= (this.removed.get(text) ?? 0);
  }
}
