import type { EntryKey } from '../entry/entry-key.js';

/** Keys that one function's memory has at most. Then it begins anew: whoever comes often is soon back. */
const MAX_KEYS = 2_048;
/** Longer texts are not held twice, characters. */
const MAX_TEXT = 256;

/** Most levels below the first have one value only, which is compared instead of hashed. */
class Level<T> {
  private newestKey: unknown = Symbol('none');
  private newest: T | undefined;
  /** All of them, once there is a second one. */
  private all: Map<unknown, T> | undefined;

  get(key: unknown): T | undefined {
    // As a map: 0 is -0. NaN is told apart from itself, and found in the map.
    return key === this.newestKey ? this.newest : this.all?.get(key);
  }

  set(key: unknown, value: T): void {
    if (this.newest !== undefined) this.all ??= new Map([[this.newestKey, this.newest]]);
    else if (Number.isNaN(key)) this.all = new Map();
    this.all?.set(key, value);
    [this.newestKey, this.newest] = [key, value];
  }

  clear(): void {
    [this.newestKey, this.newest, this.all] = [undefined, undefined, undefined];
  }
}

/**
 * The keys of the last calls with up to three primitive arguments. A map tells primitives apart as keys do: 1 from "1" and 1n, null from
 * undefined, 0 not from -0. Objects are never in it: they may change.
 */
export class KeyMemory {
  private readonly one = new Level<EntryKey>();
  private readonly two = new Level<Level<EntryKey>>();
  private readonly three = new Level<Level<Level<EntryKey>>>();
  private count = 0;

  find(args: readonly unknown[]): EntryKey | undefined {
    if (args.length === 1) return this.one.get(args[0]);
    if (args.length === 2) return this.two.get(args[0])?.get(args[1]);
    return args.length === 3 ? this.three.get(args[0])?.get(args[1])?.get(args[2]) : undefined;
  }

  keep(args: readonly unknown[], key: EntryKey): EntryKey {
    if (args.length > 3 || key.text.length > MAX_TEXT || !args.every(isPrimitive)) return key;
    if (++this.count > MAX_KEYS) this.clear();
    const [first, second, third] = args;
    if (args.length === 1) this.one.set(first, key);
    else if (args.length === 2) levelOf(this.two, first).set(second, key);
    else if (args.length === 3) levelOf(levelOf(this.three, first), second).set(third, key);
    return key;
  }

  private clear(): void {
    for (const level of [this.one, this.two, this.three]) level.clear();
    this.count = 1;
  }
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' || value === null) && typeof value !== 'function' && typeof value !== 'symbol';
}

function levelOf<T>(levels: Level<Level<T>>, value: unknown): Level<T> {
  const known = levels.get(value);
  if (known) return known;
  const made = new Level<T>();
  levels.set(value, made);
  return made;
}
