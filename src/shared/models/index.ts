export { modelMissing, modelProviderNotConfigured, modelProviderUnknown, modelUnknown } from './models.errors.js';
export { messageOf, toExecutionError } from './provider-failure.js';
export type { Redact } from './provider-failure.js';
export { redactionOf } from './redaction.js';
