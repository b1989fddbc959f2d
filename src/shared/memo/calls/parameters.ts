/** What a function's source says of its parameters. */
export interface Parameters {
  /** In order; of a destructured one its place. */
  readonly names: readonly string[];
  /** The last one takes all further arguments. */
  readonly hasRest: boolean;
  /** There is one, and its properties are named instead of it. */
  readonly isObject: boolean;
}

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const SINGLE = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)\s*=>/u;
/** Texts, templates and comments: what they hold is no code. */
const OPAQUE = /^(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\/)/;
const OPENING = '([{';
const CLOSING = ')]}';

/** Reads the parameters off a function's source. Of a native or bound function, or a source that it cannot read: none, and a rest without a name. */
export function parametersOf(fn: (...args: never[]) => unknown): Parameters | undefined {
  const source = Function.prototype.toString.call(fn);
  const single = SINGLE.exec(source)?.[1];
  const texts = single === undefined ? listOf(source) : [single];
  if (texts === undefined || source.endsWith('{ [native code] }')) return undefined;
  const names = texts.map((text, i) => nameOf(text, i));
  const [first = '', last = ''] = [texts[0], texts.at(-1)];
  if (new Set(names).size < names.length) return undefined;
  return { names, hasRest: last.startsWith('...'), isObject: texts.length === 1 && first.startsWith('{') };
}

function nameOf(text: string, place: number): string {
  const [name = ''] = text.replace(/^[.]{3}/, '').split('=');
  return NAME.test(name.trim()) ? name.trim() : `arg${String(place)}`;
}

/** The texts between the commas of the first parentheses; undefined when they do not end. */
function listOf(source: string): string[] | undefined {
  const texts: string[] = [''];
  let depth = 0;
  for (const token of tokensOf(source)) {
    if (CLOSING.includes(token)) depth--;
    if (depth === 0 && token === ')') return texts.map((text) => text.trim()).filter((text) => text !== '');
    if (depth === 1 && token === ',') texts.push('');
    else if (depth > 0) texts[texts.length - 1] += token;
    if (OPENING.includes(token)) depth++;
  }
  return undefined;
}

/** Texts and templates whole, comments not at all, all else character by character. */
function* tokensOf(source: string): Generator<string> {
  for (let rest = source.slice(beginOf(source)); rest !== ''; ) {
    const token = OPAQUE.exec(rest)?.[0] ?? rest.charAt(0);
    rest = rest.slice(token.length);
    if (!/^\/[/*]/.test(token)) yield token;
  }
}

/** Where the parentheses begin: behind a computed name, which may hold some of its own. */
function beginOf(source: string): number {
  const computed = /^(?:async\s*)?[*\s]*\[/.exec(source);
  return source.indexOf('(', computed ? source.indexOf(']', computed[0].length) : 0);
}
