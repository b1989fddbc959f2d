import type { ModelProvider } from '../../contracts/index.js';
import type { ModelSettings } from '../../shared/config/index.js';
import { agentErrors } from './agents.errors.js';

/** The only model of the provider `builtin`. */
const BUILTIN_MODEL = 'builtin/chat';

export interface AgentModel {
  readonly provider: ModelProvider;
  readonly model: string;
}

/**
 * The model an agent runs on, from what its definition says and the settings allow. A model without a provider is looked for where its
 * name says: `builtin/…` is ours, every other one the OpenAI-compatible server's.
 *
 * @throws MODEL_UNKNOWN, MODEL_PROVIDER_NOT_CONFIGURED (invalid)
 */
export function chooseModel({ provider, model }: Partial<AgentModel>, { defaultModel, openaiBaseUrl }: ModelSettings): AgentModel {
  const name = model ?? (provider === 'builtin' ? BUILTIN_MODEL : defaultModel);
  const source = provider ?? (name.startsWith('builtin/') ? 'builtin' : 'openai-compatible');
  if (source === 'builtin' && name !== BUILTIN_MODEL) throw agentErrors.modelUnknown(name, BUILTIN_MODEL);
  if (source === 'openai-compatible' && openaiBaseUrl === '') throw agentErrors.providerNotConfigured(name);
  return { provider: source, model: name };
}
