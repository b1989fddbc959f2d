import { types } from 'node:util';

/** A copy of a date, a regular expression, a URL, bytes, or an array buffer, of whatever realm it is. */
export function rebuilt(value: object): object {
  if (types.isDate(value)) return new Date(value.getTime());
  if (types.isRegExp(value)) return regExpOf(value.source, value.flags, value.lastIndex);
  // A buffer's `slice` is a view of the same bytes.
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (types.isTypedArray(value) || types.isArrayBuffer(value)) return value.slice(0);
  return new URL((value as URL).href);
}

/** @param lastIndex where a search goes on */
export function regExpOf(source: string, flags: string, lastIndex: number): RegExp {
  return Object.assign(new RegExp(source, flags), { lastIndex });
}

/** Sets a property whatever its name is: `__proto__` is a name like others. */
export function put(target: object, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else (target as Record<string, unknown>)[key] = value;
}
