/** Any function. */
export type Callable = (...args: never[]) => unknown;

/** `value`: what it returns is the result, or the promise of one. Compilers for old targets hide the others: then the option `kind` tells. */
export type FunctionKind = 'value' | 'async' | 'generator' | 'asyncGenerator';

const BRANDS: Readonly<Record<string, FunctionKind>> = {
  '[object AsyncFunction]': 'async',
  '[object GeneratorFunction]': 'generator',
  '[object AsyncGeneratorFunction]': 'asyncGenerator',
};

export function kindOfFunction(fn: Callable): FunctionKind {
  return BRANDS[Object.prototype.toString.call(fn)] ?? 'value';
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';
}
