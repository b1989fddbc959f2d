import type { Inputs } from '../entry/cache-entry.js';
import { memoErrors } from '../memo.errors.js';
import { KeyedInput } from '../values/keyed-input.js';
import { ArgumentBinding, type Params } from './argument-binding.js';
import type { Callable } from './function-kind.js';
import { planBehind } from './wrapped.js';

export interface CallShape {
  /** Names of the parameters, as `memoize` takes them. Of a memoised function they are known; otherwise they are read off the source. */
  readonly params?: Params;
  /** The function answers a batch, which this argument is, and an entry is of one item. Of a memoised function it is known. */
  readonly itemIndex?: number;
}

/** Calls a function as it was called for an entry. */
export class EntryCall {
  /** The function's name in keys. */
  readonly func: string;
  private readonly fn: Callable;
  private readonly binding: ArgumentBinding;
  private readonly isMethod: boolean;
  private readonly itemIndex: number | undefined;

  /** @param fn of a memoised function the original is called, so that no cache answers for it */
  constructor(fn: Callable, { params, itemIndex }: CallShape) {
    const plan = planBehind(fn);
    const known = plan ?? { fn, func: fn.name, isMethod: false, itemIndex: undefined };
    [this.fn, this.func, this.isMethod] = [known.fn, known.func, known.isMethod];
    this.itemIndex = itemIndex ?? known.itemIndex;
    this.binding = plan && params === undefined ? plan.bound() : new ArgumentBinding(known.func, known.fn, { params, exclude: [] });
  }

  /** The result; of a stream its items, of a batch the answer to the one item. @throws MEMO_ENTRY_NOT_CALLABLE, or what the function throws */
  async run(inputs: Inputs): Promise<unknown> {
    const result: unknown = await Reflect.apply(this.fn as (...args: unknown[]) => unknown, undefined, this.argsOf(inputs));
    if (isStream(result)) return Array.fromAsync(result);
    if (this.itemIndex === undefined) return result;
    if (!Array.isArray(result) || result.length !== 1) throw memoErrors.batchLength(this.func, Array.isArray(result) ? result.length : 'no list of', 1);
    return (result as unknown[])[0];
  }

  private argsOf(inputs: Inputs): unknown[] {
    if (this.isMethod) throw memoErrors.notCallable(this.func, 'it is a method');
    const [keyed] = Object.entries(inputs).filter(([, value]) => value instanceof KeyedInput);
    if (keyed) throw memoErrors.notCallable(this.func, `${keyed[0]} stands for an instance`);
    return [...this.binding.argsOf(inputs)];
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}
