import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommandResult, Streams } from '../cli-output.js';
import { type MemoOptions, damageSentence, emptySentence, entriesText, withDamage } from './memo-actions.js';
import { newestSlots, readEntries } from './memo-entries.js';
import type { OpenMemo } from './open-memo.js';
import { printable } from '../printable.js';
import { reasonOf } from '../../service-address.js';
import { AppError } from '../../shared/errors/index.js';
import { type CacheEntry, entryText } from '../../shared/memo/index.js';

/** What is written in one step at the least, characters. */
const CHUNK = 65_536;

/** Exports what has not expired. @returns nothing when standard output is the export's own */
export async function exportCache(memo: OpenMemo, { function: name, out }: MemoOptions & { readonly out?: string }, { stdout, stderr }: Streams): Promise<CommandResult | undefined> {
  const counted = { entries: 0, expired: 0 };
  const entries = liveEntries(memo, name, counted);
  if (out !== undefined) {
    await exportToFile(out, entries);
    return withDamage(memo, { result: { ...counted, out }, lines: [`${entriesText(counted.entries)} in ${out}; ${String(counted.expired)} expired left out.`] });
  }
  await exportTo(stdout, entries);
  if (memo.damaged.size > 0) throw new AppError({ kind: 'internal', code: 'MEMO_ENTRY_DAMAGED', message: damageSentence(memo.damaged) });
  if (counted.entries === 0) stderr.write(`nooble: ${printable(await emptySentence(memo))}\n`);
  return undefined;
}

async function* liveEntries(memo: OpenMemo, name: string | undefined, counted: { entries: number; expired: number }): AsyncGenerator<CacheEntry, void> {
  const slots = (await newestSlots(memo, name)).reverse();
  for await (const found of readEntries(memo, slots)) {
    counted[found.isExpired ? 'expired' : 'entries']++;
    if (!found.isExpired) yield found.entry;
  }
}

/** Writes entries as NDJSON as fast as they are taken, each a line of which `entryOfText` makes an equal entry. @param out stays open */
async function exportTo(out: NodeJS.WritableStream, entries: AsyncIterable<CacheEntry>): Promise<void> {
  await pipeline(Readable.from(textLines(entries)), out, { end: false });
}

/**
 * The same into a file, which appears whole or not at all, in place of one that is there.
 *
 * @throws MEMO_EXPORT_FAILED (unavailable) when it cannot be written
 */
async function exportToFile(path: string, entries: AsyncIterable<CacheEntry>): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const told = (error: unknown): never => {
    // What is written to has a name that nobody has given.
    const reason = isMissing(error) ? `there is no folder ${dirname(path)}` : reasonOf(error).replaceAll(beside, path);
    throw new AppError({ kind: 'unavailable', code: 'MEMO_EXPORT_FAILED', message: `--out ${path} cannot be written: ${reason}.`, cause: error });
  };
  const file = await open(beside, 'wx').catch(told);
  try {
    for await (const lines of textLines(entries)) await file.appendFile(lines).catch(told);
    await file.sync().catch(told);
    await file.close();
    await rename(beside, path).catch(told);
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOENT';
}

/** Whole lines, some at once. */
async function* textLines(entries: AsyncIterable<CacheEntry>): AsyncGenerator<string, void> {
  let lines = '';
  for await (const entry of entries) {
    // JSON's own escapes: a terminal obeys none of it, and no reader takes anything within for the end of a line.
    lines += `${printable(entryText(entry))}\n`;
    if (lines.length < CHUNK) continue;
    yield lines;
    lines = '';
  }
  if (lines !== '') yield lines;
}
