import type { IncomingHttpHeaders } from 'node:http';
import { MODEL_PROVIDERS, type ModelProvider } from '../../../contracts/index.js';
import type { ModelSettings } from '../../../shared/config/index.js';
import { AppError } from '../../../shared/errors/index.js';
import { chooseModel } from '../../agents/index.js';
import { executionErrors } from '../execution.errors.js';
import type { LlmOverrides } from './execution-context.js';

/** The headers by which one turn asks for another model than its agent's, and what may be in them. */
export const OVERRIDE_HEADERS = {
  'X-LLM-Provider': `For this turn: ${MODEL_PROVIDERS.join(' or ')}`,
  'X-LLM-Model': 'For this turn: the name of a model, 1 to 200 characters',
  'X-LLM-Temperature': 'For this turn: a number from 0 to 2; 0 is a value',
  'X-LLM-Max-Tokens': 'For this turn: a whole number from 1 to 200000',
} as const;

export type OverrideHeader = keyof typeof OVERRIDE_HEADERS;

/**
 * What the headers of a request ask for; undefined when nothing. A model without a provider is looked for where its name says.
 *
 * @throws HEADER_INVALID, MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid) naming the header
 */
export function overridesFrom(headers: IncomingHttpHeaders, settings: ModelSettings): LlmOverrides | undefined {
  const read = (name: OverrideHeader): string | undefined => textOf(headers, name);
  const temperature = numberOf('X-LLM-Temperature', read('X-LLM-Temperature'), { min: 0, max: 2, isWhole: false });
  const maxTokens = numberOf('X-LLM-Max-Tokens', read('X-LLM-Max-Tokens'), { min: 1, max: 200_000, isWhole: true });
  const model = modelOf(read('X-LLM-Provider'), read('X-LLM-Model'), settings);
  const overrides = { ...model, ...(temperature !== undefined && { temperature }), ...(maxTokens !== undefined && { maxTokens }) };
  return Object.keys(overrides).length === 0 ? undefined : overrides;
}

function textOf(headers: IncomingHttpHeaders, name: OverrideHeader): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' ? value.trim() : undefined;
}

function numberOf(name: OverrideHeader, text: string | undefined, { min, max, isWhole }: { min: number; max: number; isWhole: boolean }): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  throw executionErrors.headerInvalid(name, `must be a${isWhole ? ' whole' : ''} number from ${String(min)} to ${String(max)}`);
}

function modelOf(providerName: string | undefined, model: string | undefined, settings: ModelSettings): LlmOverrides {
  if (providerName === undefined && model === undefined) return {};
  if (model !== undefined && !/^.{1,200}$/.test(model)) throw executionErrors.headerInvalid('X-LLM-Model', 'must be a text of 1 to 200 characters');
  const provider = providerOf(providerName);
  try {
    return chooseModel({ ...(provider && { provider }), ...(model !== undefined && { model }) }, settings);
  } catch (error) {
    throw namingHeader(error, model === undefined ? 'X-LLM-Provider' : 'X-LLM-Model');
  }
}

function providerOf(name: string | undefined): ModelProvider | undefined {
  const provider = MODEL_PROVIDERS.find((known) => known === name);
  if (name !== undefined && provider === undefined) throw executionErrors.headerInvalid('X-LLM-Provider', `must be one of ${MODEL_PROVIDERS.join(', ')}`);
  return provider;
}

/** What is wrong with an agent's field, said of the header that stands in for it. */
function namingHeader(error: unknown, field: OverrideHeader): unknown {
  if (!(error instanceof AppError)) return error;
  const { kind, code, message } = error;
  return new AppError({ kind, code, message, details: { field }, cause: error });
}
