import { tenancyErrors } from './tenancy.errors.js';
import type { TierLimits } from './tiers.js';

/** Whether these limits let somebody name the model. */
export function allowsModel({ models }: Pick<TierLimits, 'models'>, model: string): boolean {
  return models === null || models.some((known) => (known.endsWith('*') ? model.startsWith(known.slice(0, -1)) : model === known));
}

/**
 * @param alsoOpen models that need no limit to let them: the installation's own, and those that somebody has already
 * @throws MODEL_NOT_IN_TIER (forbidden)
 */
export function requireModel(model: string, limits: Pick<TierLimits, 'models'>, alsoOpen: readonly string[]): void {
  if (!alsoOpen.includes(model) && !allowsModel(limits, model)) throw tenancyErrors.modelNotInTier(model, [...alsoOpen, ...(limits.models ?? [])]);
}
