import { type CommandResult, progressBar } from '../cli-output.js';
import { type StoredEntry, newestSlots, readEntries, removeEntries, slotOfKey } from './memo-entries.js';
import type { PlaceOptions } from './memo-place.js';
import { entryRecord, entryTable, totalsTable } from './memo-table.js';
import { MemoCount } from './memo-totals.js';
import type { OpenMemo } from './open-memo.js';
import { AppError } from '../../shared/errors/index.js';

export interface MemoOptions extends PlaceOptions {
  readonly function?: string;
  readonly json?: boolean;
}
export interface InspectOptions extends MemoOptions {
  readonly key?: string;
  readonly limit: number;
}
export interface ClearOptions extends MemoOptions {
  readonly key?: string;
  readonly all?: true;
  readonly expired?: true;
  readonly yes?: true;
}

/** Names that a sentence lists at the most. */
const MAX_NAMES = 10;

/** The newest entries in a table. @param width its columns */
export async function inspectEntries(memo: OpenMemo, options: InspectOptions, width: number): Promise<CommandResult> {
  const { shown, more } = await newestEntries(memo, options);
  const lines = shown.length > 0 ? entryTable(shown, width) : [await nothingShown(memo, options.function)];
  if (more > 0) lines.push(`${String(more)} more; --limit shows more at once.`);
  return withDamage(memo, { result: { entries: shown.map(entryRecord), more }, lines });
}

/** One entry, whole. @throws MEMO_ENTRY_MISSING (notFound), MEMO_KEY_AMBIGUOUS (conflict) */
export async function showEntry(memo: OpenMemo, key: string): Promise<CommandResult> {
  const slot = slotOfKey(await newestSlots(memo), key);
  for await (const found of readEntries(memo, [slot])) {
    const result = entryRecord(found);
    return { result, lines: JSON.stringify(result, null, 2).split('\n') };
  }
  throw new AppError({ kind: 'notFound', code: 'MEMO_ENTRY_MISSING', message: `The entry ${slot} cannot be read${memo.damaged.size > 0 ? ': it is damaged, and so a miss. clear --key removes it' : ' any more: it has gone meanwhile'}.` });
}

/** What there is of each function. */
export async function countEntries(memo: OpenMemo): Promise<CommandResult> {
  const count = new MemoCount();
  for await (const found of readEntries(memo, await newestSlots(memo), progressBar('entries'))) count.add(found);
  const { functions, total } = count;
  return withDamage(memo, { result: { functions, total }, lines: total.entries > 0 ? totalsTable(count) : [await emptySentence(memo)] });
}

/** Removes entries, or says which it would. */
export async function clearEntries(memo: OpenMemo, options: ClearOptions): Promise<CommandResult> {
  const slots = await slotsToClear(memo, options);
  const matching = slots.length;
  if (matching === 0) return withDamage(memo, { result: { matching, removed: 0 }, lines: [options.all === true ? await emptySentence(memo) : `Nothing is removed: ${noneText(options)}.`] });
  if (options.yes !== true) {
    const sentence = `${entriesText(matching)} would go: ${whichText(options)}. Nothing has been removed; --yes does it.`;
    return withDamage(memo, { result: { matching, removed: 0 }, lines: [sentence], isWrong: true });
  }
  const removed = options.all === true ? await removeAll(memo, matching) : await removeEntries(memo, slots, progressBar('entries'));
  return withDamage(memo, { result: { matching, removed }, lines: [`${entriesText(removed)} removed.`] });
}

/** Says why there is nothing to show: the entries may be under another name. */
export async function emptySentence({ tenantId, others }: OpenMemo): Promise<string> {
  const names = (await others?.()) ?? [];
  if (names.length > 0) return `There are no entries in this namespace, but in ${listed(names)}: --namespace says which.`;
  return tenantId === undefined ? 'There are no entries.' : `The tenant ${JSON.stringify(tenantId)} has no entries, in no namespace.`;
}

/** Entries that cannot be read are named, and the command has found something wrong. */
export function withDamage({ damaged }: OpenMemo, found: CommandResult): CommandResult {
  const result = { ...found.result, damaged: damaged.size };
  if (damaged.size === 0) return { ...found, result };
  return { result, lines: [...found.lines, damageSentence(damaged)], isWrong: true };
}

export function damageSentence(places: ReadonlySet<string>): string {
  return `${entriesText(places.size)} cannot be read, and so ${places.size === 1 ? 'is a miss' : 'are misses'}: ${[...places].slice(0, MAX_NAMES).join(', ')}${places.size > MAX_NAMES ? ', …' : ''}.`;
}

/** @returns such as `1 entry` */
export function entriesText(count: number): string {
  return count === 1 ? '1 entry' : `${String(count)} entries`;
}

/** @returns `more`: how many there are besides */
async function newestEntries(memo: OpenMemo, { function: name, limit }: InspectOptions): Promise<{ shown: StoredEntry[]; more: number }> {
  const slots = await newestSlots(memo, name);
  const shown: StoredEntry[] = [];
  const damagedBefore = memo.damaged.size;
  for await (const found of readEntries(memo, slots)) {
    if (shown.length === limit) return { shown, more: slots.length - limit - (memo.damaged.size - damagedBefore) };
    shown.push(found);
  }
  return { shown, more: 0 };
}

/** Why there is nothing to show: the name may be another one. */
async function nothingShown(memo: OpenMemo, name: string | undefined): Promise<string> {
  const slots = await newestSlots(memo);
  if (name === undefined || slots.length === 0) return emptySentence(memo);
  const functions = new Set<string>();
  for await (const { entry } of readEntries(memo, slots)) functions.add(entry.func);
  return `There are no entries of ${JSON.stringify(name)}, but of ${listed([...functions].sort())}.`;
}

async function slotsToClear(memo: OpenMemo, options: ClearOptions): Promise<readonly string[]> {
  const slots = await newestSlots(memo, options.function);
  if (options.key !== undefined) return [slotOfKey(slots, options.key)];
  if (options.expired !== true) return slots;
  const expired: string[] = [];
  for await (const { slot, isExpired } of readEntries(memo, slots, progressBar('entries looked at'))) if (isExpired) expired.push(slot);
  return expired;
}

function whichText({ all, key, function: name, expired }: ClearOptions): string {
  if (all === true) return 'all of them';
  if (key !== undefined) return `the one whose key begins with ${key}`;
  return `those${name === undefined ? '' : ` of ${JSON.stringify(name)}`}${expired === true ? ' that have expired' : ''}`;
}

function noneText({ function: name, expired }: ClearOptions): string {
  return `no entry${name === undefined ? '' : ` of ${JSON.stringify(name)}`} ${expired === true ? 'has expired' : 'is there'}`;
}

async function removeAll({ backend }: OpenMemo, count: number): Promise<number> {
  await backend.clear();
  return count;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, MAX_NAMES).map((name) => JSON.stringify(name)).join(', ')}${names.length > MAX_NAMES ? ', …' : ''}`;
}
