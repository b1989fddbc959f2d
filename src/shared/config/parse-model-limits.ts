import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Fewer tokens than this are no window at all, more are no model's. Guesses. */
const LEAST = 10;
const MOST = 100_000_000;
const ENTRY = /^([^\s=]+)\s*=\s*(\d+)$/;

/** What a text of model limits says; `fault` is null when all of it can be used. */
export interface ParsedModelLimits {
  /** Model → tokens. */
  readonly limits: ReadonlyMap<string, number>;
  readonly fault: string | null;
}

/** @param text `model=tokens,model=tokens`; empty for none. Names are taken as they are and hold neither `,` nor `=`. */
export function parseModelLimits(text: string): ParsedModelLimits {
  const limits = new Map<string, number>();
  for (const entry of text.trim() === '' ? [] : text.split(',').map((part) => part.trim())) {
    const [, model, tokens] = ENTRY.exec(entry) ?? [];
    const fault = faultOf(model, Number(tokens), limits);
    if (model === undefined || fault !== null) return { limits, fault: `entry "${entry}" ${fault ?? ''}` };
    limits.set(model, Number(tokens));
  }
  return { limits, fault: null };
}

function faultOf(model: string | undefined, tokens: number, known: ReadonlyMap<string, number>): string | null {
  if (model === undefined) return 'must be model=tokens, a whole number of them';
  if (tokens < LEAST || tokens > MOST) return `must have ${LEAST} to ${MOST} tokens`;
  return known.has(model) ? 'names its model a second time' : null;
}

/** Marks a field as a text of model limits; its fault names the first entry that cannot be used. */
export function IsModelLimits(options?: ValidationOptions): PropertyDecorator {
  const faultIn = (value: unknown): string | null => (typeof value === 'string' ? parseModelLimits(value).fault : 'must be text');
  return ValidateBy({ name: 'isModelLimits', validator: { validate: (value) => faultIn(value) === null, defaultMessage: (args) => faultIn(args?.value) ?? '' } }, options);
}
