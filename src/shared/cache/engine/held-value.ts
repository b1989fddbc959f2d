import { decode, encode } from '../entry/codec.js';
import { freezeDeep } from '../entry/freeze.js';

/** A value that several readers get. */
export interface HeldValue {
  readonly value: unknown;
  /** Every reader gets a copy: parts of it cannot be frozen. */
  readonly isCopied: boolean;
}

/**
 * Freezes what can be frozen, the given object itself; of a value that cannot be frozen it keeps a copy, because whoever made it may still change it.
 *
 * @throws UNCACHEABLE_VALUE (internal)
 */
export function hold(value: unknown): HeldValue {
  return freezeDeep(value) ? { value, isCopied: false } : { value: decode(encode(value)), isCopied: true };
}

/** The same of a copy: the given object stays as it is. */
export function holdCopy(value: unknown): HeldValue {
  return holdOwn(decode(encode(value)));
}

/** The same for a value that nobody else has. */
export function holdOwn(value: unknown): HeldValue {
  return { value, isCopied: !freezeDeep(value) };
}

/** What one reader gets: nothing he does to it reaches another. */
export function handOut({ value, isCopied }: HeldValue): unknown {
  return isCopied ? decode(encode(value)) : value;
}
