import { memoErrors } from '../memo.errors.js';
import { KeyedInput } from '../values/keyed-input.js';

const identities = new WeakMap<object, number>();
let count = 0;

/**
 * What stands for the object that a method was called on: what it says of itself by `toMemoKey()`, else its identity in this process.
 *
 * @param isPersistent another process reads the entries, where identities say nothing
 * @throws UNHASHABLE_ARGUMENT
 */
export function selfKeyOf(self: unknown, isPersistent: boolean): unknown {
  if ((typeof self !== 'object' && typeof self !== 'function') || self === null) return self;
  if (typeof self === 'object' && KeyedInput.of(self)) return self;
  const className = nameOf(self);
  // A class has its name as a function has.
  if (isPersistent && typeof self === 'function') return new KeyedInput('class', className);
  if (isPersistent) throw memoErrors.unhashable('the object of the method', `an instance of ${className}, and kept for other processes`);
  return new KeyedInput(className, { identity: identityOf(self) });
}

function identityOf(self: object): number {
  const known = identities.get(self);
  if (known !== undefined) return known;
  identities.set(self, ++count);
  return count;
}

function nameOf(self: object): string {
  return typeof self === 'function' ? self.name : ((self.constructor as { readonly name?: string } | undefined)?.name ?? '');
}
