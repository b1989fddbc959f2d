import { TAG, tagged } from './tags.js';

/**
 * The text of an input in a key: JSON as Python writes it, with sorted keys, `", "` and `": "`. What is equal has the same text: objects,
 * maps and sets whatever the order of what they hold, 0 and -0; all else differs: 1, "1", 1n, true; null, undefined and what is missing.
 *
 * @throws UNHASHABLE_ARGUMENT for functions, symbols, cycles, and instances of classes without `toMemoKey()`
 * @source AgentHeaven 0.9.2: md5 of json.dumps(inputs, sort_keys=True, ensure_ascii=False) + "||" + json.dumps(func)
 */
export function canonicalText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return value === null ? 'null' : write(tagged(value, 'input'));
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function write(json: Json): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  if (isList(json)) return `[${json.map(write).join(', ')}]`;
  const pairs = Object.entries(json).map(([key, value]) => [key, write(value)] as const);
  const { [TAG]: tag, value } = json;
  if (tag === 'number' && value === '-0') return '0';
  if (typeof tag === 'string') return writeTagged(tag, json, pairs);
  return writePairs(pairs);
}

/** Sets, maps, and objects with the tag's name as a property hold their parts in no order. */
function writeTagged(tag: string, json: { readonly [key: string]: Json }, pairs: readonly (readonly [string, string])[]): string {
  const { items } = json;
  if (!isList(items)) return writePairs(pairs);
  return `{"${TAG}": "${tag}", "items": [${items.map(write).toSorted(byCodePoint).join(', ')}]}`;
}

function writePairs(pairs: readonly (readonly [string, string])[]): string {
  const sorted = pairs.toSorted(([a], [b]) => byCodePoint(a, b));
  return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}: ${text}`).join(', ')}}`;
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

/** As Python sorts, by code points. JavaScript sorts by UTF-16 units, which differs beyond the basic plane. */
export function byCodePoint(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return weight(left) - weight(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
