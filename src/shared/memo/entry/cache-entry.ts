import { isDeepStrictEqual } from 'node:util';
import { UNSET } from '../symbols.js';
import { Sealed } from '../values/sealed.js';
import { EntryKey } from './entry-key.js';

/** Arguments by the names of their parameters. */
export type Inputs = Readonly<Record<string, unknown>>;
export type Metadata = Readonly<Record<string, unknown>>;

/** An entry as plain data. What is unset is missing. */
export interface EntryDict {
  readonly func: string;
  readonly inputs: Inputs;
  readonly output?: unknown;
  readonly expected?: unknown;
  readonly metadata: Metadata;
}

/** What `new CacheEntry` takes; {@link UNSET} and a missing property are the same. */
export interface EntryFields {
  readonly func: string;
  readonly inputs?: Inputs;
  readonly output?: unknown;
  readonly expected?: unknown;
  readonly metadata?: Metadata | null | undefined;
}

export interface EntryUpdates extends Partial<EntryFields> {
  /** Inputs that are left out. */
  readonly exclude?: readonly string[];
}

/** What of an entry comes beside the function and its inputs. */
export type EntryRest = Omit<EntryUpdates, 'func' | 'inputs'>;

export type NamedFunction = string | ((...args: never[]) => unknown);

type SealedPart = Sealed | undefined;

/** One call of one function and what it returned. Immutable: what it was made of and what it gives can be changed without changing it. */
export class CacheEntry {
  readonly func: string;
  /** By which stores find it. */
  readonly entryKey: EntryKey;
  /** Unix time in milliseconds from which it is a miss: `metadata.expiresAt`, if it is a number. */
  readonly expiresAt: number | undefined;
  private readonly parts: { readonly inputs: Sealed<Inputs>; readonly output: SealedPart; readonly expected: SealedPart; readonly metadata: Sealed<Metadata> };

  /** @throws UNHASHABLE_ARGUMENT or UNCACHEABLE_VALUE when a part is no plain data */
  constructor(fields: EntryFields, made?: { readonly key: EntryKey; readonly inputs: Sealed<Inputs> }) {
    this.func = fields.func;
    this.parts = {
      inputs: made?.inputs ?? Sealed.of(fields.inputs ?? {}, 'input'),
      output: sealPart(fields, 'output'),
      expected: sealPart(fields, 'expected'),
      metadata: Sealed.of(fields.metadata ?? {}),
    };
    this.entryKey = made?.key ?? EntryKey.of(this.func, this.inputs);
    const { expiresAt } = this.metadata;
    this.expiresAt = typeof expiresAt === 'number' ? expiresAt : undefined;
    Object.freeze(this);
  }

  /** The entry of a call. Of a function its name is taken. Inputs are an object of their own, so that one may be called `output`. */
  static fromArgs(func: NamedFunction, inputs: Inputs = {}, rest: EntryRest = {}): CacheEntry {
    const { exclude = [], ...fields } = rest;
    return new CacheEntry({ ...fields, func: typeof func === 'string' ? func : func.name, inputs: without(inputs, exclude) });
  }

  static fromDict(dict: EntryFields, { exclude = [] }: { readonly exclude?: readonly string[] } = {}): CacheEntry {
    return new CacheEntry({ ...dict, inputs: without(dict.inputs ?? {}, exclude) });
  }

  get inputs(): Inputs {
    return this.parts.inputs.shared();
  }

  /** {@link UNSET} when nothing was computed. */
  get output(): unknown {
    return this.parts.output ? this.parts.output.shared() : UNSET;
  }

  /** What it should have been; {@link UNSET} when nobody has said so. */
  get expected(): unknown {
    return this.parts.expected ? this.parts.expected.shared() : UNSET;
  }

  get metadata(): Metadata {
    return this.parts.metadata.shared();
  }

  /** The number that the original has for the same call: MD5 of canonical inputs and name. */
  get key(): bigint {
    return this.entryKey.number;
  }

  /** `expected` if it is set, `null` included, else `output`. */
  get value(): unknown {
    const part = this.parts.expected ?? this.parts.output;
    return part ? part.shared() : UNSET;
  }

  get annotated(): boolean {
    return this.parts.expected !== undefined;
  }

  /** {@link value} as a copy that belongs to the caller. */
  ownValue(): unknown {
    const part = this.parts.expected ?? this.parts.output;
    return part ? part.own() : UNSET;
  }

  toDict(): EntryDict {
    const { inputs, output, expected, metadata } = this.parts;
    return { func: this.func, inputs: inputs.own(), ...(output && { output: output.own() }), ...(expected && { expected: expected.own() }), metadata: metadata.own() };
  }

  /** A copy in which the given parts are replaced. */
  clone({ exclude = [], ...updates }: EntryUpdates = {}): CacheEntry {
    const { func, inputs, output, expected, metadata } = this;
    const fields = { func, inputs, output, expected, metadata, ...updates };
    return new CacheEntry({ ...fields, inputs: without(fields.inputs, exclude) });
  }

  /** A copy with what the result should be, which without `expected` is what it was; metadata are merged. */
  annotate({ expected = this.output, metadata = {} }: { readonly expected?: unknown; readonly metadata?: Metadata } = {}): CacheEntry {
    return this.clone({ expected, metadata: { ...this.metadata, ...metadata } });
  }

  /** Whether all parts are equal. */
  equals(other: CacheEntry): boolean {
    return isDeepStrictEqual(this.toDict(), other.toDict());
  }
}

/** Inputs but those of some names. */
export function without(inputs: Inputs, exclude: readonly string[]): Inputs {
  return exclude.length === 0 ? inputs : Object.fromEntries(Object.entries(inputs).filter(([name]) => !exclude.includes(name)));
}

function sealPart(fields: EntryFields, name: 'output' | 'expected'): SealedPart {
  if (!Object.hasOwn(fields, name) || fields[name] === UNSET) return undefined;
  return Sealed.of(fields[name]);
}
