import type { NamedFunction } from '../entry/cache-entry.js';
import { memoErrors } from '../memo.errors.js';

type Callable = (...args: never[]) => unknown;

export interface NamingOptions {
  readonly name?: string | undefined;
  readonly version?: string | number | undefined;
  /** The name, if none is given and the function's own does not do. */
  readonly derivedName?: string | undefined;
}

const VALID = /^[^\p{Cc}\ud800-\udfff]{1,255}$/u;

/** Under which names the functions of one cache are: two functions never share results, unless both were given the same name. */
export class FunctionNames {
  /** With their versions. */
  private readonly ofFunctions = new WeakMap<Callable, string>();
  private readonly plainNames = new WeakMap<Callable, string>();
  /** Derived names, and how many functions had each. */
  private readonly derived = new Map<string, number>();
  /** Given names, each with the source of its function. */
  private readonly given = new Map<string, string>();
  private readonly versions = new Map<string, string>();

  /**
   * @param isPersistent another process reads what this one stores
   * @param onShared two functions with different sources were given one name
   */
  constructor(
    private readonly isPersistent: boolean,
    private readonly onShared: (name: string) => void,
  ) {}

  /** The name of a function in keys. @throws MEMO_NAME_REQUIRED, MEMO_NAME_TAKEN, MEMO_NAME_INVALID */
  claim(fn: Callable, { name, version, derivedName = fn.name }: NamingOptions): string {
    const plain = name === undefined ? (this.plainNames.get(fn) ?? this.derive(derivedName)) : this.give(name, fn);
    this.plainNames.set(fn, plain);
    const full = version === undefined ? plain : `${plain}@${String(version)}`;
    if (!VALID.test(full)) throw memoErrors.nameInvalid(full);
    if (version !== undefined) this.versions.set(plain, full);
    return full;
  }

  /** From now on the function, or its memoised form, stands for that name. */
  bind(fn: Callable, name: string): void {
    this.ofFunctions.set(fn, name);
  }

  /** The name that somebody means by a function or by its bare name. */
  resolve(func: NamedFunction): string {
    if (typeof func === 'string') return this.versions.get(func) ?? func;
    return this.ofFunctions.get(func) ?? func.name;
  }

  private derive(name: string): string {
    if (name === '' && this.isPersistent) throw memoErrors.nameRequired();
    const base = name === '' ? 'anonymous' : name;
    let count = this.derived.get(base) ?? 0;
    if (this.isPersistent && (count > 0 || this.given.has(base))) throw memoErrors.nameTaken(base);
    let free: string;
    do free = ++count === 1 ? base : `${base}~${String(count)}`;
    while (this.given.has(free));
    this.derived.set(base, count);
    return free;
  }

  private give(name: string, fn: Callable): string {
    const source = Function.prototype.toString.call(fn);
    const known = this.given.get(name);
    if ((known !== undefined && known !== source) || (known === undefined && this.derived.has(name))) this.onShared(name);
    this.given.set(name, source);
    return name;
  }
}
