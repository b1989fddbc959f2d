import { fingerprint } from '../../../shared/memo/index.js';
import type { ProviderModel } from './builtin.model.js';

export type CallOptions = Parameters<ProviderModel['doStream']>[0];

type Message = CallOptions['prompt'][number];

/** Who answers. */
export type AnsweringModel = Pick<ProviderModel, 'provider' | 'modelId'>;

/**
 * What an answer depends on, as the inputs of a memo entry: whatever is not known to leave answers alone counts. What is left out: how the call
 * is made (its signal, and headers, which hold secrets), our own notes, and which names tool calls were given. The messages are in it
 * as a fingerprint only: users' words are not kept for it.
 *
 * @param endpoint where the model answers; another server may have another model of that name
 * @throws UNHASHABLE_ARGUMENT
 */
export function answerInputs({ provider, modelId: model }: AnsweringModel, endpoint: string, call: CallOptions): Readonly<Record<string, unknown>> {
  const { abortSignal, headers, prompt, providerOptions: { nooble, ...providerOptions } = {}, ...parameters } = call;
  const said = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
  return { provider, model, call: fingerprint({ ...said, endpoint, providerOptions, prompt: withPlainCallIds(prompt) }) };
}

/** Ids of tool calls are random, and mean nothing but which result belongs to which call: they are numbered. */
function withPlainCallIds(prompt: CallOptions['prompt']): unknown[] {
  const ids = new Map<string, string>();
  const plain = (id: string): string => {
    const known = ids.get(id) ?? `call ${String(ids.size + 1)}`;
    ids.set(id, known);
    return known;
  };
  const partOf = (part: object): object => ('toolCallId' in part ? { ...part, toolCallId: plain(String(part.toolCallId)) } : part);
  return prompt.map((message: Message) => (typeof message.content === 'string' ? message : { ...message, content: message.content.map(partOf) }));
}
