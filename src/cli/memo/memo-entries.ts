import type { OpenMemo } from './open-memo.js';
import { AppError } from '../../shared/errors/index.js';
import { type CacheEntry, entryText } from '../../shared/memo/index.js';

/** Entries that are read or removed at once. Drivers send them together, and so many fit into memory even when they are large. */
const PAGE = 50;
/** Digits of a key. */
const DIGITS = 40;

/** An entry as it is stored. */
export interface StoredEntry {
  readonly slot: string;
  readonly entry: CacheEntry;
  /** Of its text, as `entryText` writes it. */
  readonly sizeBytes: number;
  /** Unix time in milliseconds from which it is a miss; undefined: without end. */
  readonly expiresAt: number | undefined;
  readonly isExpired: boolean;
}

/** Told of how much of the work is done. */
type Progress = (done: number, total: number) => void;

/** The slots of all entries, or of a function's, as they are now, the one written last first where the backend knows. */
export async function newestSlots({ backend }: OpenMemo, func?: string): Promise<string[]> {
  return [...(await (func === undefined ? backend.slots() : backend.slotsOf(func)))].reverse();
}

/**
 * The slot of a key, or of its beginning.
 *
 * @param key digits, with zeros in front or without them if it is whole, as `entry.key` prints
 * @throws MEMO_ENTRY_MISSING (notFound), MEMO_KEY_AMBIGUOUS (conflict)
 */
export function slotOfKey(slots: readonly string[], key: string): string {
  const whole = key.padStart(DIGITS, '0');
  const found = slots.includes(whole) ? [whole] : slots.filter((slot) => slot.startsWith(key));
  const [slot] = found;
  if (slot === undefined) throw new AppError({ kind: 'notFound', code: 'MEMO_ENTRY_MISSING', message: `--key: no entry's key begins with ${key}. inspect shows the keys that there are.` });
  if (found.length > 1) throw new AppError({ kind: 'conflict', code: 'MEMO_KEY_AMBIGUOUS', message: `--key: ${String(found.length)} keys begin with ${key}, such as ${found.slice(0, 3).join(', ')}. Give more digits.` });
  return slot;
}

/** The entries of some slots, in order; those that are gone meanwhile or cannot be read are left out. */
export async function* readEntries({ backend }: OpenMemo, slots: readonly string[], progress: Progress = () => undefined): AsyncGenerator<StoredEntry, void> {
  for (let start = 0; start < slots.length; start += PAGE) {
    const page = slots.slice(start, start + PAGE);
    const found = await Promise.all(page.map(async (slot) => ({ slot, entry: await backend.read(slot), goesAt: 'endsAt' in backend ? await backend.endsAt?.(slot) : undefined })));
    for (const { slot, entry, goesAt } of found) if (entry) yield stored(slot, entry, goesAt);
    progress(start + page.length, slots.length);
  }
}

/** @returns how many were there */
export async function removeEntries({ backend }: OpenMemo, slots: readonly string[], progress: Progress): Promise<number> {
  let removed = 0;
  for (let start = 0; start < slots.length; start += PAGE) {
    const page = slots.slice(start, start + PAGE);
    const were = await Promise.all(page.map(async (slot) => backend.delete(slot)));
    removed += were.filter(Boolean).length;
    progress(start + page.length, slots.length);
  }
  return removed;
}

function stored(slot: string, entry: CacheEntry, goesAt: number | undefined): StoredEntry {
  const expiresAt = entry.expiresAt ?? goesAt;
  return { slot, entry, sizeBytes: Buffer.byteLength(entryText(entry)), expiresAt, isExpired: expiresAt !== undefined && expiresAt <= Date.now() };
}
