import { AppError } from '../errors/index.js';

/**
 * The agent's `provider` is none we have.
 *
 * @returns MODEL_PROVIDER_UNKNOWN (invalid)
 */
export function modelProviderUnknown(provider: string, known: readonly string[]): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'MODEL_PROVIDER_UNKNOWN',
    message: `provider "${provider}" is unknown; set provider to one of: ${known.join(', ')}.`,
    details: { field: 'provider', provider, known },
  });
}

/**
 * The agent's `model` is none the provider has.
 *
 * @returns MODEL_UNKNOWN (invalid)
 */
export function modelUnknown(provider: string, model: string, known: readonly string[]): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'MODEL_UNKNOWN',
    message: `model "${model}" is unknown to provider "${provider}"; set model to one of: ${known.join(', ')}, or choose another provider.`,
    details: { field: 'model', provider, model, known },
  });
}

/**
 * The agent's `model` is empty, so the endpoint could not be asked for one.
 *
 * @returns MODEL_MISSING (invalid)
 */
export function modelMissing(provider: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'MODEL_MISSING',
    message: `model is empty; set model to a name the endpoint of provider "${provider}" knows.`,
    details: { field: 'model', provider },
  });
}

/**
 * The provider needs a setting this server was started without.
 *
 * @param setting  the environment variable to set
 * @returns MODEL_PROVIDER_NOT_CONFIGURED (invalid)
 */
export function modelProviderNotConfigured(provider: string, setting: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'MODEL_PROVIDER_NOT_CONFIGURED',
    message: `provider "${provider}" is not configured on this server; set ${setting} to the base URL of its API, or set provider to "builtin".`,
    details: { field: 'provider', provider, setting },
  });
}
