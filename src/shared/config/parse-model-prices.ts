import { ValidateBy, type ValidationOptions } from 'class-validator';

const ENTRY = /^([^\s=]+)\s*=\s*(\d{1,6}(?:\.\d{1,6})?)\/(\d{1,6}(?:\.\d{1,6})?)$/;

/** What tokens of a model cost: US dollars for a million, which is millionths of a dollar for one. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

/** What a text of prices says; `fault` is null when all of it can be used. */
export interface ParsedModelPrices {
  readonly prices: ReadonlyMap<string, ModelPrice>;
  readonly fault: string | null;
}

/** @param text `model=input/output,model=input/output`; empty for none. Names are taken as they are and hold neither `,` nor `=`. */
export function parseModelPrices(text: string): ParsedModelPrices {
  const prices = new Map<string, ModelPrice>();
  for (const entry of text.trim() === '' ? [] : text.split(',').map((part) => part.trim())) {
    const [, model, input, output] = ENTRY.exec(entry) ?? [];
    if (model === undefined) return { prices, fault: `entry "${entry}" must be model=input/output, US dollars for a million tokens, such as gpt-4o=2.5/10` };
    if (prices.has(model)) return { prices, fault: `entry "${entry}" names its model a second time` };
    prices.set(model, { input: Number(input), output: Number(output) });
  }
  return { prices, fault: null };
}

/** Marks a field as a text of prices; its fault names the first entry that cannot be used. */
export function IsModelPrices(options?: ValidationOptions): PropertyDecorator {
  const faultIn = (value: unknown): string | null => (typeof value === 'string' ? parseModelPrices(value).fault : 'must be text');
  return ValidateBy({ name: 'isModelPrices', validator: { validate: (value) => faultIn(value) === null, defaultMessage: (args) => faultIn(args?.value) ?? '' } }, options);
}
