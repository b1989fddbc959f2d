import { types } from 'node:util';

/** What a value is for copying and for writing. `refused` carries what to call it. */
export type Kind = 'primitive' | 'array' | 'object' | 'Date' | 'Map' | 'Set' | 'RegExp' | 'URL' | 'ArrayBuffer' | 'bytes';

export interface Refusal {
  readonly refused: string;
}

/** Built-in classes, how one knows an instance whatever realm it is of, and how deep its chain of prototypes is. */
const BUILT_IN: readonly (readonly [Kind, string, (value: object) => boolean])[] = [
  ['Date', 'Date', types.isDate],
  ['Map', 'Map', types.isMap],
  ['Set', 'Set', types.isSet],
  ['RegExp', 'RegExp', types.isRegExp],
  ['ArrayBuffer', 'ArrayBuffer', types.isArrayBuffer],
  ['URL', 'URL', (value) => value instanceof URL],
];

const OWN_DEPTH = 2;
const TYPED_ARRAY_DEPTH = 3;
const BUFFER_DEPTH = 4;

/** A value's kind, or why it is none: a function, a symbol, an instance of a class, or plain data with something hidden on it. */
export function kindOf(value: unknown): Kind | Refusal {
  if (typeof value === 'function') return { refused: `the function ${value.name || '(anonymous)'}` };
  if (typeof value === 'symbol') return { refused: 'a symbol' };
  return typeof value === 'object' && value !== null ? kindOfObject(value) : 'primitive';
}

function kindOfObject(value: object): Kind | Refusal {
  const depth = depthOf(value);
  if (Array.isArray(value)) return depth === OWN_DEPTH ? arrayKind(value) : instanceOf(value);
  if (depth < OWN_DEPTH) return objectKind(value, depth);
  return types.isTypedArray(value) ? bytesKind(value, depth) : builtInKind(value, depth);
}

function builtInKind(value: object, depth: number): Kind | Refusal {
  const found = BUILT_IN.find(([, , is]) => is(value));
  if (!found || depth !== OWN_DEPTH || classOf(value) !== found[1]) return instanceOf(value);
  return Object.keys(value).length > 0 ? { refused: `a ${found[1]} with properties of its own` } : found[0];
}

/** `Uint8Array`, `Float64Array`, …; `Buffer` for Node's own. */
export function bytesClass(value: NodeJS.TypedArray): string {
  return Buffer.isBuffer(value) ? 'Buffer' : value[Symbol.toStringTag];
}

function objectKind(value: object, depth: number): Kind | Refusal {
  const proto = Object.getPrototypeOf(value) as object | null;
  // The prototype of plain objects, of this realm or of another one.
  if (depth === 1 && !Object.hasOwn(proto ?? {}, 'isPrototypeOf')) return instanceOf(value);
  return Object.getOwnPropertySymbols(value).length > 0 ? { refused: 'an object with a symbol as a key' } : 'object';
}

/** A list with holes or with properties of its own, such as the match of a regular expression, is more than its elements. */
function arrayKind(value: readonly unknown[]): Kind | Refusal {
  return Reflect.ownKeys(value).length === value.length + 1 && !hasHole(value) ? 'array' : { refused: 'an array with holes or with properties of its own' };
}

function hasHole(value: readonly unknown[]): boolean {
  for (let i = 0; i < value.length; i++) if (value[i] === undefined && !(i in value)) return true;
  return false;
}

function bytesKind(value: NodeJS.TypedArray, depth: number): Kind | Refusal {
  return depth === (Buffer.isBuffer(value) ? BUFFER_DEPTH : TYPED_ARRAY_DEPTH) ? 'bytes' : instanceOf(value);
}

/** How many prototypes a value has; beyond four it does not matter. */
function depthOf(value: object): number {
  let depth = 0;
  for (let proto = Object.getPrototypeOf(value) as object | null; proto !== null && depth <= BUFFER_DEPTH; depth++) proto = Object.getPrototypeOf(proto) as object | null;
  return depth;
}

function classOf(value: object): string {
  const made = (value as { constructor?: { name?: unknown } }).constructor;
  return typeof made?.name === 'string' && made.name !== '' ? made.name : 'a class';
}

function instanceOf(value: object): Refusal {
  return { refused: `an instance of ${classOf(value)}` };
}
