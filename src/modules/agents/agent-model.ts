import type { ModelSettings } from '../../shared/config/index.js';
import type { AgentModel } from './agent.js';
import { agentErrors, namingField } from './agents.errors.js';

/** The only model of the provider `builtin`. */
const BUILTIN_MODEL = 'builtin/chat';

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

/**
 * The model an agent falls back to, chosen like its model; null for none.
 *
 * @throws what {@link chooseModel} throws, naming the field `fallbackModel`
 */
export function chooseFallback(wanted: Partial<AgentModel> | null | undefined, settings: ModelSettings): AgentModel | null {
  return wanted ? namingField('fallbackModel', () => chooseModel(wanted, settings)) : null;
}
