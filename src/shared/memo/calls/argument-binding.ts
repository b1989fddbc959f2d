import type { Inputs } from '../entry/cache-entry.js';
import { without } from '../entry/cache-entry.js';
import { EntryKey } from '../entry/entry-key.js';
import { memoErrors } from '../memo.errors.js';
import { byCodePoint, canonicalText } from '../values/canonical-text.js';
import { kindOf } from '../values/kinds.js';
import { KeyMemory } from './key-memory.js';
import { type Parameters, parametersOf } from './parameters.js';

/** Under which name an entry has the arguments for which there is no parameter. */
const FURTHER = '...';
/** A plain object's arguments have the names of its properties. */
export type Params = readonly string[] | 'object';

export interface BindingOptions {
  readonly params?: Params | undefined;
  readonly defaults?: Inputs | undefined;
  readonly exclude: readonly string[];
  /** The first argument is whom a method was called on. */
  readonly hasSelf?: boolean;
}

/** One parameter that is part of the key. */
interface Piece {
  readonly place: number;
  /** `"name": ` */
  readonly opening: string;
  /** Canonical, for a call without this argument. */
  readonly fallback: string | undefined;
}

/** Which inputs, and so which key, the arguments of a call to one function are. */
export class ArgumentBinding {
  private readonly parameters: Parameters;
  private readonly pieces: readonly Piece[];
  private readonly ending: string;
  private readonly defaults: Inputs;
  private readonly memory = new KeyMemory();

  /** @param func the function's name in keys */
  constructor(
    readonly func: string,
    fn: (...args: never[]) => unknown,
    private readonly options: BindingOptions,
  ) {
    const parameters = declared(options.params) ?? parametersOf(fn) ?? { names: [FURTHER], hasRest: true, isObject: false };
    this.parameters = options.hasSelf === true ? withSelf(parameters) : parameters;
    this.defaults = this.known(options.defaults ?? {});
    this.ending = `}||${JSON.stringify(func)}`;
    this.pieces = this.piecesInOrder();
  }

  /** @throws UNHASHABLE_ARGUMENT */
  keyOf(args: readonly unknown[]): EntryKey {
    return this.memory.find(args) ?? this.memory.keep(args, this.makeKey(args));
  }

  private makeKey(args: readonly unknown[]): EntryKey {
    const { names, hasRest, isObject } = this.parameters;
    if (hasRest || isObject || args.length > names.length) return EntryKey.of(this.func, this.inputsOf(args));
    let text = '';
    for (const { place, opening, fallback } of this.pieces) {
      const value = args[place];
      const isLeftOut = value === undefined && (fallback !== undefined || place >= args.length);
      const canonical = isLeftOut ? fallback : canonicalText(value);
      if (canonical !== undefined) text += text === '' ? opening + canonical : `, ${opening}${canonical}`;
    }
    return new EntryKey(`{${text}${this.ending}`);
  }

  /** As the entry keeps them. */
  inputsOf(args: readonly unknown[]): Inputs {
    return without(this.allInputsOf(args), this.options.exclude);
  }

  /** The arguments of which the inputs are these. @throws MEMO_ENTRY_NOT_CALLABLE when one has no parameter */
  argsOf(inputs: Inputs): readonly unknown[] {
    const further = inputs[FURTHER];
    if (this.parameters.isObject) return Array.isArray(further) ? further : [inputs];
    const { names } = this.parameters;
    const unknown = Object.keys(inputs).find((name) => name !== FURTHER && !names.includes(name));
    if (unknown !== undefined) throw memoErrors.notCallable(this.func, `of its parameters (${names.join(', ')}) none is ${unknown}`);
    return this.positionalArgs(inputs);
  }

  private positionalArgs(inputs: Inputs): readonly unknown[] {
    const { names, hasRest } = this.parameters;
    const single = hasRest ? names.slice(0, -1) : names;
    const [restName, rest = []] = hasRest ? [names.at(-1), inputs[names.at(-1) ?? FURTHER]] : [FURTHER, inputs[FURTHER]];
    if (!Array.isArray(rest)) throw memoErrors.notCallable(this.func, `${restName ?? FURTHER} is not the list of the further arguments`);
    const given = rest.length > 0 ? single.length : single.findLastIndex((name) => Object.hasOwn(inputs, name)) + 1;
    return [...single.slice(0, given).map((name) => inputs[name]), ...(rest as unknown[])];
  }

  /** With those that are excluded from the key. */
  allInputsOf(args: readonly unknown[]): Inputs {
    const inputs = this.parameters.isObject ? objectInputs(args) : this.positional(args);
    const missing = Object.entries(this.defaults).filter(([name]) => inputs[name] === undefined);
    return missing.length === 0 ? inputs : { ...inputs, ...Object.fromEntries(missing) };
  }

  /** Names of no parameter are not filled in. */
  private known(defaults: Inputs): Inputs {
    const { names, isObject } = this.parameters;
    return isObject ? defaults : Object.fromEntries(Object.entries(defaults).filter(([name]) => names.includes(name)));
  }

  private positional(args: readonly unknown[]): Inputs {
    const { names, hasRest } = this.parameters;
    const single = hasRest ? names.slice(0, -1) : names;
    const pairs = single.slice(0, args.length).map((name, i): [string, unknown] => [name, args[i]]);
    const further = args.slice(single.length);
    if (hasRest) pairs.push([names.at(-1) ?? FURTHER, further]);
    else if (further.length > 0) pairs.push([FURTHER, further]);
    return Object.fromEntries(pairs);
  }

  private piecesInOrder(): readonly Piece[] {
    return this.parameters.names
      .map((name, place) => ({ name, place }))
      .filter(({ name }) => !this.options.exclude.includes(name))
      .sort((a, b) => byCodePoint(a.name, b.name))
      .map(({ name, place }) => ({
        place,
        opening: `${JSON.stringify(name)}: `,
        fallback: Object.hasOwn(this.defaults, name) && this.defaults[name] !== undefined ? canonicalText(this.defaults[name]) : undefined,
      }));
  }
}

/** No parameter can have this name. */
function withSelf({ names, hasRest, isObject }: Parameters): Parameters {
  return { names: ['this', ...(isObject ? ['arg0'] : names)], hasRest, isObject: false };
}

function declared(params: Params | undefined): Parameters | undefined {
  if (params === undefined) return undefined;
  if (params === 'object') return { names: [], hasRest: false, isObject: true };
  const hasRest = params.at(-1)?.startsWith(FURTHER) ?? false;
  const names = hasRest ? [...params.slice(0, -1), (params.at(-1) ?? '').slice(FURTHER.length)] : params;
  if (new Set(names).size < names.length || names.some((name) => name === '' || name.startsWith(FURTHER))) throw memoErrors.paramsInvalid(params);
  return { names, hasRest, isObject: false };
}

/** What is no single plain object has no names: it is kept as a list. */
function objectInputs(args: readonly unknown[]): Inputs {
  const [only] = args;
  if (args.length === 1 && typeof only === 'object' && only !== null && kindOf(only) === 'object' && !Object.hasOwn(only, FURTHER)) return only as Inputs;
  return { [FURTHER]: args };
}
