import { modelToEncodingMap } from 'gpt-tokenizer/mapping';
import { chatEnabledModels } from 'gpt-tokenizer/modelsChatEnabled.gen';
import { cl100kCounting, o200kCounting } from './byte-pair-counting.js';
import type { TokenCounting } from './token-counting.js';

type Encoding = 'o200k_base' | 'cl100k_base';

/** Our own builtin model is counted as the newer ones of OpenAI are. */
const BUILTIN_MODEL = 'builtin/chat';

/** Fine-tuned models are named `ft:<model>:<organisation>…`, and some servers put the maker before the name. */
const PREFIX = /^(?:ft:|openai\/)/;

/** Models by the beginning of their name: dated and fine-tuned versions, sizes, and those that are newer than the tokenizer's list. */
const FAMILIES: readonly (readonly [RegExp, Encoding])[] = [
  [/^(?:gpt-4|gpt-3\.5-turbo|gpt-35-turbo)(?:[-:]|$)/, 'cl100k_base'],
  [/^(?:chatgpt-4o|gpt-4o|gpt-4\.\d|gpt-5(?:\.\d+)?|gpt-oss|o1|o3|o4)(?:[-:]|$)/, 'o200k_base'],
];

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([...chatEnabledModels.map(listed), [BUILTIN_MODEL, 'o200k_base']]);

const COUNTINGS: Readonly<Record<Encoding, TokenCounting>> = { o200k_base: o200kCounting, cl100k_base: cl100kCounting };

/**
 * The counting with a model's own tokenizer, or undefined when it is none of ours.
 *
 * @source gpt-tokenizer: its chat models, of which it lists those that are not o200k_base; for the families `MODEL_PREFIX_TO_ENCODING` of tiktoken's model.py
 */
export function countingOf(model: string): TokenCounting | undefined {
  const name = model.replace(PREFIX, '');
  const encoding = ENCODINGS.get(name) ?? FAMILIES.find(([family]) => family.test(name))?.[1];
  return encoding && COUNTINGS[encoding];
}

function listed(model: (typeof chatEnabledModels)[number]): [string, Encoding] {
  // What gpt-oss has besides o200k_base is special tokens, and those are text here.
  return [model, modelToEncodingMap[model] === 'cl100k_base' ? 'cl100k_base' : 'o200k_base'];
}
