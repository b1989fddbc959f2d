import type { EntryKey } from '../entry/entry-key.js';

/** Keys that one function's memory has at most. Then it begins anew: whoever comes often is soon back. */
const MAX_KEYS = 2_048;
/** Longer texts are not held twice, characters. */
const MAX_TEXT = 256;

type Level<T> = Map<unknown, T>;

/**
 * The keys of the last calls with up to three primitive arguments. A map tells primitives apart as keys do: 1 from "1" and 1n, null from
 * undefined, 0 not from -0. Objects are never in it: they may change.
 */
export class KeyMemory {
  private readonly one: Level<EntryKey> = new Map();
  private readonly two: Level<Level<EntryKey>> = new Map();
  private readonly three: Level<Level<Level<EntryKey>>> = new Map();
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
  const made: Level<T> = new Map();
  levels.set(value, made);
  return made;
}
