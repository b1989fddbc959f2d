import type { ActionType } from '../../contracts/index.js';
import { AppError } from '../../shared/errors/index.js';
import type { Scope } from './principal.js';
import { HIGHER_TIER } from './tiers.js';

export const tenancyErrors = {
  credentialsMissing: (): AppError =>
    new AppError({ kind: 'unauthenticated', code: 'CREDENTIALS_MISSING', message: 'Send an API key in the header "Authorization: Bearer nk_…".' }),
  tenantHeaderMissing: (): AppError =>
    new AppError({
      kind: 'unauthenticated',
      code: 'CREDENTIALS_MISSING',
      message: 'Send an API key in the header "Authorization: Bearer nk_…", or, in this development mode, a tenant of your choice in "X-Tenant-ID".',
    }),
  keyUnknown: (): AppError =>
    new AppError({ kind: 'unauthenticated', code: 'API_KEY_INVALID', message: 'This API key is unknown, revoked or expired; ask an administrator for another.' }),
  tenantMismatch: (named: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TENANT_MISMATCH', message: `The API key does not belong to tenant "${named}"; leave that tenant out or use one of its keys.` }),
  tenantNamedTwice: (known: string, named: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TENANT_MISMATCH', message: `The header X-Tenant-ID names the tenant "${known}", and the path, the query or the body "${named}"; name one tenant alone.`, details: { field: 'X-Tenant-ID' } }),
  tenantUnnamed: (): AppError =>
    new AppError({ kind: 'invalid', code: 'TENANT_UNNAMED', message: 'This key has no tenant of its own; say whose data you mean in the header "X-Tenant-ID".', details: { field: 'X-Tenant-ID' } }),
  tenantHeaderInvalid: (header: string): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: `${header} must match ^[A-Za-z0-9._-]{1,128}$.`, details: { field: header } }),
  tenantPathInvalid: (): AppError => {
    const message = 'tenantId must match ^[A-Za-z0-9._-]{1,128}$.';
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'tenantId', message }] } });
  },
  tierHeaderInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: 'X-Tenant-Tier must be free, advance, professional or enterprise.', details: { field: 'X-Tenant-Tier' } }),
  scopeMissing: (scope: Scope): AppError =>
    new AppError({ kind: 'forbidden', code: 'SCOPE_MISSING', message: `This call needs an API key with the scope "${scope}".`, details: { scope } }),
  tooManyRequests: (limit: number, resetMs: number): AppError =>
    new AppError({
      kind: 'limited',
      code: 'RATE_LIMITED',
      message: `This API key has made ${String(limit)} requests in a minute, and may make no more (apiRequestsPerMinute). Go on in ${String(Math.ceil(resetMs / 1_000))} s, follow events instead of asking again and again, or ${HIGHER_TIER}.`,
      details: { limit: 'apiRequestsPerMinute', apiRequestsPerMinute: limit, retryAfterMs: resetMs, rateLimit: { limit, remaining: 0, resetMs } },
    }),
  modelNotInTier: (model: string, known: readonly string[]): AppError =>
    new AppError({
      kind: 'forbidden',
      code: 'MODEL_NOT_IN_TIER',
      message: `Your tier does not have the model "${model}", only ${[...new Set(known)].join(', ')}; name one of these, or ${HIGHER_TIER}.`,
      details: { field: 'model', limit: 'models', model },
    }),
  scopeUndeclared: (handler: string): AppError =>
    new AppError({ kind: 'internal', code: 'SCOPE_UNDECLARED', message: `${handler} declares no scope, so nobody may call it.` }),
  answerLater: (actionType: ActionType): AppError =>
    new AppError({ kind: 'invalid', code: 'ACTION_ANSWERS_LATER', message: `"${actionType}" is not answered at once: leave out wait=true and name a callbackQueueName, or follow it by its own route.`, details: { field: 'wait' } }),
  answerTwice: (): AppError =>
    new AppError({ kind: 'invalid', code: 'ACTION_ANSWER_TWICE', message: 'With wait=true the answer is that of this call: leave out callbackQueueName and correlationId, or wait=true.', details: { field: 'wait' } }),
  expiryPast: (): AppError =>
    new AppError({ kind: 'invalid', code: 'API_KEY_EXPIRY_PAST', message: 'expiresAt must be a date and time in the future, such as 2030-01-31T12:00:00Z, or left out for a key that does not expire.', details: { field: 'expiresAt' } }),
  keyShown: (keyId: string): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'API_KEY_SHOWN',
      message: `The API key ${keyId} of this Idempotency-Key was made, and shown in the answer; nothing shows it again. If that answer was lost, make another key under a new Idempotency-Key.`,
      details: { keyId },
    }),
  rotationRepeated: (keyId: string): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'API_KEY_SHOWN',
      message: `The rotation of the API key ${keyId} under this Idempotency-Key has been asked for before; if it was done, its answer showed the new secret, and nothing shows it again. If you do not have it, rotate once more under a new Idempotency-Key.`,
      details: { keyId },
    }),
  keyNotFound: (keyId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'API_KEY_NOT_FOUND', message: `There is no API key "${keyId}"; GET /api/v1/admin/api-keys?tenantId=… lists those of a tenant.` }),
  keyEnded: (keyId: string, status: string): AppError =>
    new AppError({ kind: 'conflict', code: 'API_KEY_ENDED', message: `The API key ${keyId} is ${status}, so another secret would open nothing; make a new key with POST /api/v1/admin/api-keys.`, details: { keyId, status } }),
  tenantExists: (tenantId: string): AppError =>
    new AppError({ kind: 'conflict', code: 'TENANT_EXISTS', message: `There is a tenant "${tenantId}" already; choose another tenantId or leave it out.`, details: { tenantId } }),
  tenantNotFound: (tenantId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'TENANT_NOT_FOUND', message: `There is no tenant "${tenantId}"; create it with POST /api/v1/admin/tenants.` }),
  tenantInactive: (tenantId: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TENANT_INACTIVE', message: `The tenant "${tenantId}" is switched off; an administrator switches it on with PATCH /api/v1/admin/tenants/${tenantId} {"isActive":true}.`, details: { tenantId } }),
  tenantEditEmpty: (): AppError =>
    new AppError({ kind: 'invalid', code: 'TENANT_EDIT_EMPTY', message: 'There is nothing to change: send at least one of name, tier and isActive, such as {"tier":"professional"}.' }),
  cursorInvalid: (): AppError => {
    const message = 'cursor must be the nextCursor of the page before, or be left out.';
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'cursor', message }] } });
  },
};
