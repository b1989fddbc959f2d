import { decode, encode } from '../entry/codec.js';
import { freezeDeep } from '../entry/freeze.js';

/** A value that several readers get. */
export interface HeldValue {
  readonly value: unknown;
  /** Every reader gets a copy: parts of it cannot be frozen. */
  readonly isCopied: boolean;
}

/** Freezes what can be frozen, the given object itself. */
export function hold(value: unknown): HeldValue {
  return { value, isCopied: !freezeDeep(value) };
}

/** What one reader gets: nothing he does to it reaches another. */
export function handOut({ value, isCopied }: HeldValue): unknown {
  return isCopied ? decode(encode(value)) : value;
}
