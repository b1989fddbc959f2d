/** A tool the model was told to call. `inputJson` is the JSON text of an object. */
export interface ToolDirective {
  readonly toolName: string;
  readonly inputJson: string;
}

/** What a call of the builtin model was told to do; without directives everything is off and the delays are 0. */
export interface BuiltinDirectives {
  /** Numbered words to answer with; undefined means the default answer. */
  readonly tokens: number | undefined;
  /** Milliseconds between two words. */
  readonly delayMs: number;
  /** Milliseconds before anything else happens, a failure included. */
  readonly thinkMs: number;
  /** `times` undefined means every call fails. */
  readonly fail: { readonly statusCode: number; readonly times: number | undefined } | undefined;
  readonly hangs: boolean;
  readonly echoesContext: boolean;
  /** Called once, all in one step. */
  readonly tools: readonly ToolDirective[];
  /** Called in the first step and again after every result. */
  readonly loops: readonly ToolDirective[];
}

/** `userText` is the last user message without its directive lines, trimmed. */
export type ParsedDirectives =
  | { readonly ok: true; readonly directives: BuiltinDirectives; readonly userText: string }
  | { readonly ok: false; readonly problem: string };

type Draft = { -readonly [Name in keyof BuiltinDirectives]: BuiltinDirectives[Name] } & {
  tools: ToolDirective[];
  loops: ToolDirective[];
};

interface Grammar {
  readonly form: string;
  /** Writes the argument into the draft; false when the argument does not fit the form. */
  readonly read: (argument: string, draft: Draft) => boolean;
}

// The upper ends are guesses: far above any test or bench, far below what would hold a process for a day.
const MAX_WORDS = 100_000;
const MAX_WAIT_MS = 3_600_000;
const MAX_FAILURES = 1_000;
const MAX_QUOTED_CHARS = 120;

const DIRECTIVE_LINE = /^@.*$/gm;
const DIRECTIVE_LINE_AND_BREAK = /^@.*(?:\r\n|\n|\r|$)/gm;
const NAME_AND_ARGUMENT = /^@(\S*)\s*(.*?)\s*$/;
const TOOL_NAME_AND_JSON = /^(\S+)\s+(\S.*)$/;
const CODE_AND_TIMES = /^(\S+)(?:\s+(\S+))?$/;

// A Map and not an object: `@constructor` must be an unknown name.
const GRAMMARS: ReadonlyMap<string, Grammar> = new Map<string, Grammar>([
  ['tokens', { form: `@tokens N (0 to ${MAX_WORDS})`, read: (argument, draft) => readNumber(argument, MAX_WORDS, (words) => (draft.tokens = words)) }],
  ['delay', { form: `@delay MS (0 to ${MAX_WAIT_MS})`, read: (argument, draft) => readNumber(argument, MAX_WAIT_MS, (ms) => (draft.delayMs = ms)) }],
  ['think', { form: `@think MS (0 to ${MAX_WAIT_MS})`, read: (argument, draft) => readNumber(argument, MAX_WAIT_MS, (ms) => (draft.thinkMs = ms)) }],
  ['fail', { form: `@fail CODE [TIMES] (CODE 400 to 599, TIMES 1 to ${MAX_FAILURES})`, read: readFail }],
  ['hang', { form: '@hang', read: (argument, draft) => argument === '' && (draft.hangs = true) }],
  ['tool', { form: '@tool NAME {json object}', read: (argument, draft) => readTool(argument, draft.tools) }],
  ['loop', { form: '@loop NAME {json object}', read: (argument, draft) => readTool(argument, draft.loops) }],
  ['echo-context', { form: '@echo-context', read: (argument, draft) => argument === '' && (draft.echoesContext = true) }],
]);

/**
 * The directives of one call: lines that begin with `@` in the system prompt or in the last user message.
 * The message's win over the prompt's of the same name, a later line over an earlier one; `@tool` and `@loop` lines add up, the prompt's first.
 *
 * @param systemPrompt     all system messages, joined by line breaks
 * @param lastUserMessage  its text as the model was given it
 * @returns `ok: false` with a problem that quotes the first malformed line and says the right form; it never throws
 * @source docs/builtin-model.md
 */
export function parseDirectives(systemPrompt: string, lastUserMessage: string): ParsedDirectives {
  const draft: Draft = {
    tokens: undefined,
    delayMs: 0,
    thinkMs: 0,
    fail: undefined,
    hangs: false,
    echoesContext: false,
    tools: [],
    loops: [],
  };
  const problem = readLines(systemPrompt, 'system prompt', draft) ?? readLines(lastUserMessage, 'last user message', draft);
  if (problem !== undefined) return { ok: false, problem };
  return { ok: true, directives: draft, userText: lastUserMessage.replace(DIRECTIVE_LINE_AND_BREAK, '').trim() };
}

function readLines(text: string, place: string, draft: Draft): string | undefined {
  for (const [line] of text.matchAll(DIRECTIVE_LINE)) {
    const [, name = '', argument = ''] = NAME_AND_ARGUMENT.exec(line) ?? [];
    const grammar = GRAMMARS.get(name);
    if (grammar?.read(argument, draft) !== true) return problemOf(line, place, grammar);
  }
  return undefined;
}

function problemOf(line: string, place: string, grammar: Grammar | undefined): string {
  const quoted = line.length > MAX_QUOTED_CHARS ? `${line.slice(0, MAX_QUOTED_CHARS)}…` : line;
  const wayOut =
    grammar === undefined
      ? `there is no such directive; write one of ${[...GRAMMARS.values()].map(({ form }) => form).join(', ')}, or do not begin the line with @`
      : `write ${grammar.form}`;
  return `The builtin model cannot read the directive line "${quoted}" of the ${place}: ${wayOut}.`;
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function readNumber(argument: string, max: number, set: (value: number) => void): boolean {
  const value = wholeNumber(argument, 0, max);
  if (value === undefined) return false;
  set(value);
  return true;
}

function readFail(argument: string, draft: Draft): boolean {
  const [, codeText = '', timesText] = CODE_AND_TIMES.exec(argument) ?? [];
  const statusCode = wholeNumber(codeText, 400, 599);
  const times = timesText === undefined ? undefined : wholeNumber(timesText, 1, MAX_FAILURES);
  if (statusCode === undefined || (timesText !== undefined && times === undefined)) return false;
  draft.fail = { statusCode, times };
  return true;
}

function readTool(argument: string, into: ToolDirective[]): boolean {
  const [, toolName, inputJson] = TOOL_NAME_AND_JSON.exec(argument) ?? [];
  if (toolName === undefined || inputJson === undefined || !isJsonObject(inputJson)) return false;
  into.push({ toolName, inputJson });
  return true;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
