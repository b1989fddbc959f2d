import type { ValidationError } from 'class-validator';
import type { FieldFault } from './storable.js';
import { inOurWords } from './validation-words.js';

/** What a value is in JSON. */
interface Kind {
  readonly is: (value: unknown) => boolean;
  readonly words: string;
}

/** A rule that a value broke, in class-validator's words. */
interface Broken {
  readonly constraint: string;
  readonly message: string;
  /** About the entries of a list, not about the list. */
  readonly isOfEntries: boolean;
}

/** The field as class-validator names it, and as the caller does: a dotted path. */
interface Names {
  readonly property: string;
  readonly field: string;
}

const TEXT: Kind = { is: (value) => typeof value === 'string', words: 'must be a text' };
const NUMBER: Kind = { is: (value) => Number.isFinite(value), words: 'must be a number' };
const WHOLE: Kind = { is: (value) => Number.isFinite(value), words: 'must be a whole number' };
const LIST: Kind = { is: (value) => Array.isArray(value), words: 'must be a list' };
const OBJECTS: Kind = { is: (value) => Array.isArray(value), words: 'must be a list of JSON objects' };
const OBJECT: Kind = { is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value), words: 'must be a JSON object' };

/** What each rule is about, the most telling first: a value of another kind breaks them all, and is told only its kind. */
const KINDS: readonly (readonly [constraint: string, kind: Kind])[] = [
  ['isArray', LIST],
  ['isObject', OBJECT],
  ['nestedValidation', OBJECT],
  ['isString', TEXT],
  ['isInt', WHOLE],
  ['isNumber', NUMBER],
  ['arrayMaxSize', LIST],
  ['arrayMinSize', LIST],
  ['arrayUnique', LIST],
  ['isLength', TEXT],
  ['minLength', TEXT],
  ['maxLength', TEXT],
  ['min', NUMBER],
  ['max', NUMBER],
];

/**
 * What is wrong with a field and with those in it, each said once: of a field that is not there what it must be, of a value of the wrong
 * kind which it must have, of any other all rules that it breaks.
 *
 * @param prefix where the object stands, for the names of its fields: `data.`, or '' at the top
 */
export function faultsOf({ property, value, constraints = {}, children = [] }: ValidationError, prefix: string): FieldFault[] {
  const field = prefix + property;
  const broken = Object.entries(constraints).map(([constraint, message]) => ({ constraint, message, isOfEntries: isOfEntries(constraint, message, property) }));
  const sentences = new Set(sentencesOf(broken, value, { property, field }));
  const within = isOfAnotherKind(broken, value) ? [] : withoutEchoes(children, sentences.has(`each entry of ${field} ${OBJECT.words}`));
  return [...[...sentences].map((message) => ({ field, message })), ...within.flatMap((child) => faultsOf(child, `${field}.`))];
}

/** A JSON object in place of a list of them is looked into as if it were one of them. */
function isOfAnotherKind(broken: readonly Broken[], value: unknown): boolean {
  return value !== undefined && kindOf(broken, value) !== undefined;
}

/** ValidateNested says the same again, of each entry that is no list. */
function withoutEchoes(children: readonly ValidationError[], isSaid: boolean): readonly ValidationError[] {
  return isSaid ? children.filter((child) => !child.constraints?.['nestedValidation']) : children;
}

/** class-validator calls an entry by its number, but has the name of its list in the sentence. */
function isOfEntries(constraint: string, message: string, property: string): boolean {
  return message.startsWith(constraint === 'nestedValidation' ? `each value in nested property ${property} ` : 'each ');
}

function sentencesOf(broken: readonly Broken[], value: unknown, names: Names): string[] {
  const { field } = names;
  const kind = kindOf(broken, value);
  if (value === undefined && broken.some(({ constraint }) => constraint !== 'whitelistValidation')) return [missing(broken, kind, names)];
  if (kind) return [`${field} ${kind.words}`];
  const ofEntries = kindOfEntries(broken, value);
  const rules = ofEntries ? broken.filter((rule) => !rule.isOfEntries) : broken;
  return [...(ofEntries ? [`each entry of ${field} ${ofEntries.words}`] : []), ...rules.map(({ constraint, message }) => inOurWords(constraint, message, names))];
}

/** The kind that the value should have and has not. */
function kindOf(broken: readonly Broken[], value: unknown): Kind | undefined {
  // Only what is no list breaks this rule of entries itself; in a list the entry does.
  if (broken.some((rule) => rule.constraint === 'nestedValidation' && rule.isOfEntries)) return OBJECTS;
  return wanted(broken.filter((rule) => !rule.isOfEntries), [value]);
}

/** The kind that every entry of a list should have, and one has not. */
function kindOfEntries(broken: readonly Broken[], value: unknown): Kind | undefined {
  return Array.isArray(value) ? wanted(broken.filter((rule) => rule.isOfEntries), value) : undefined;
}

function wanted(broken: readonly Broken[], values: readonly unknown[]): Kind | undefined {
  const constraints = new Set(broken.map(({ constraint }) => constraint));
  return KINDS.find(([constraint, kind]) => constraints.has(constraint) && !values.every((value) => kind.is(value)))?.[1];
}

function missing(broken: readonly Broken[], kind: Kind | undefined, names: Names): string {
  const { field } = names;
  const [first] = broken;
  const sentence = kind || !first ? `${field} ${kind?.words ?? 'must be there'}` : inOurWords(first.constraint, first.message, names);
  return `${field} is missing; ${sentence.startsWith(`${field} `) ? `it${sentence.slice(field.length)}` : sentence}`;
}
