export { endpointOf } from './endpoint.js';
export { modelMissing, modelProviderNotConfigured, modelProviderUnknown, modelUnknown } from './models.errors.js';
export { httpStatusOf, messageOf, toExecutionError } from './provider-failure.js';
export type { Redact } from './provider-failure.js';
export { redactionOf } from './redaction.js';
