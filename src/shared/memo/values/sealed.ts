import { memoErrors } from '../memo.errors.js';
import { KeyedInput } from './keyed-input.js';
import { put, rebuilt } from './rebuilt.js';
import { type Refuse, Walk } from './walk.js';

/** What a value is sealed for: an input may stand for an instance by its `toMemoKey()`, an output may not. */
export type SealedFor = 'input' | 'output';

/**
 * A private copy of plain data, deeply frozen: nobody who holds the original, or what {@link shared} or {@link own} gave, can change it.
 * Dates, maps, sets and bytes cannot be frozen: what holds one is copied at each reading.
 */
export class Sealed<T = unknown> {
  private constructor(
    private readonly value: T,
    private readonly isFrozen: boolean,
  ) {}

  /** @throws UNHASHABLE_ARGUMENT (an input) or UNCACHEABLE_VALUE (an output) for functions, symbols, cycles, and instances of classes */
  static of<T>(value: T, sealedFor: SealedFor = 'output'): Sealed<T> {
    if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return new Sealed(value, true);
    const sealing = new Sealing(sealedFor);
    const copy = sealing.seal(value) as T;
    return new Sealed(copy, !sealing.hasUnfreezable);
  }

  /** Frozen, and the same object each time; or a copy, if it has parts that cannot be frozen. */
  shared(): T {
    return this.isFrozen ? this.value : thaw(this.value);
  }

  /** A copy that belongs to the caller. */
  own(): T {
    return thaw(this.value);
  }
}

/** Copies plain data that has been sealed. */
function thaw<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(thaw) as T;
  const proto = Object.getPrototypeOf(value) as object | null;
  return (proto === Object.prototype ? thawObject(value as Record<string, unknown>) : thawBuiltIn(value)) as T;
}

function thawObject(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) put(copy, key, thaw(value[key]));
  return copy;
}

function thawBuiltIn(value: object): object {
  if (value instanceof KeyedInput) return value;
  if (value instanceof Map) return new Map([...(value as Map<unknown, unknown>)].map(([key, held]) => [thaw(key), thaw(held)]));
  return value instanceof Set ? new Set([...(value as Set<unknown>)].map(thaw)) : rebuilt(value);
}

class Sealing {
  hasUnfreezable = false;
  private readonly walk: Walk;

  constructor(private readonly sealedFor: SealedFor) {
    const refuse: Refuse = sealedFor === 'input' ? memoErrors.unhashable : memoErrors.uncacheable;
    this.walk = new Walk(refuse);
  }

  seal(value: unknown): unknown {
    if (this.sealedFor === 'input' && typeof value === 'object' && value !== null) {
      const keyed = KeyedInput.of(value);
      if (keyed) return new KeyedInput(keyed.className, this.seal(keyed.key));
    }
    const kind = this.walk.kind(value);
    if (kind === 'primitive') return value;
    if (kind === 'array') return Object.freeze((value as unknown[]).map((item, i) => this.part(value as object, i, item)));
    if (kind === 'object') return this.sealObject(value as Record<string, unknown>);
    this.hasUnfreezable = true;
    if (kind === 'Map') return this.sealMap(value as Map<unknown, unknown>);
    if (kind === 'Set') return new Set([...(value as Set<unknown>)].map((item, i) => this.part(value as object, i, item)));
    return rebuilt(value as object);
  }

  private part(parent: object, key: string | number, value: unknown): unknown {
    return typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol' ? value : this.walk.into(parent, key, () => this.seal(value));
  }

  private sealObject(value: Readonly<Record<string, unknown>>): object {
    const copy = {};
    for (const key of Object.keys(value)) put(copy, key, this.part(value, key, value[key]));
    return Object.freeze(copy);
  }

  private sealMap(value: Map<unknown, unknown>): Map<unknown, unknown> {
    return new Map([...value].map(([key, held], i) => [this.part(value, `key ${String(i)}`, key), this.part(value, i, held)]));
  }
}
