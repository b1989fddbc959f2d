import { memoErrors } from '../memo.errors.js';
import { tagged, untagged } from '../values/tags.js';
import { CacheEntry, type EntryFields } from './cache-entry.js';

/** An entry as JSON, from which {@link entryOfText} makes an equal one. @param indent spaces of each level; none: one line */
export function entryText(entry: CacheEntry, indent?: number): string {
  const { inputs, ...rest } = entry.toDict();
  return JSON.stringify({ func: rest.func, inputs: tagged(entry.inputs, 'input'), ...(tagged(withoutFunc(rest), 'output') as object) }, null, indent);
}

/** @throws MEMO_ENTRY_DAMAGED when the text is not that of an entry */
export function entryOfText(text: string): CacheEntry {
  try {
    const fields = untagged(JSON.parse(text) as Parameters<typeof untagged>[0]) as EntryFields;
    if (typeof fields.func !== 'string' || typeof fields.inputs !== 'object') throw memoErrors.damaged('it has no func or no inputs');
    return new CacheEntry(fields);
  } catch (error) {
    throw memoErrors.damaged('its text is not that of an entry', error);
  }
}

function withoutFunc({ func: _, ...rest }: Omit<EntryFields, 'inputs'>): object {
  return rest;
}
