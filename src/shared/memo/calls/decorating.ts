import type { Callable } from './function-kind.js';
import type { MethodOf } from './wrapped.js';

/** Makes the memoised form of a function, or, with `method`, of a method. */
export type Wrap = (fn: Callable, options: never, method?: MethodOf) => Callable;

/** What `memoize` was given: a function, options for one that comes later, or a method, by either kind of decorator. */
export function decorating(wrap: Wrap): (...given: readonly unknown[]) => unknown {
  const apply = (given: readonly unknown[], options: unknown): unknown => {
    const [first, second, descriptor] = given;
    if (isDescriptor(descriptor)) return decorated(wrap, { target: first as object, key: second as string | symbol, descriptor }, options);
    if (isMethodContext(second)) return wrap(first as Callable, options as never, { name: String(second.name) });
    return wrap(first as Callable, (second ?? options) as never);
  };
  return (...given) => (isOptions(given) ? (...later: readonly unknown[]) => apply(later, given[0] ?? {}) : apply(given, {}));
}

function isOptions(given: readonly unknown[]): boolean {
  return given.length <= 1 && typeof given[0] !== 'function';
}

function isDescriptor(value: unknown): value is PropertyDescriptor {
  return typeof value === 'object' && value !== null && 'value' in value && 'configurable' in value;
}

function isMethodContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'addInitializer' in value;
}

/** A decorator of TypeScript's own kind (`experimentalDecorators`). */
function decorated(wrap: Wrap, { target, key, descriptor }: { readonly target: object; readonly key: string | symbol; readonly descriptor: PropertyDescriptor }, options: unknown): PropertyDescriptor {
  const owner = (typeof target === 'function' ? target : target.constructor) as { readonly name: string };
  return { ...descriptor, value: wrap(descriptor.value as Callable, options as never, { name: `${owner.name}.${String(key)}` }) };
}
