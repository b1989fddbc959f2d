import { AppError } from '../errors/index.js';

export const cacheErrors = {
  tenantRequired: (): AppError =>
    new AppError({ kind: 'internal', code: 'TENANT_REQUIRED', message: 'A cache entry needs a tenant; for what serves all tenants name SYSTEM_TENANT.' }),
  idRequired: (type: string): AppError =>
    new AppError({ kind: 'internal', code: 'CACHE_ID_REQUIRED', message: `A cache entry of type ${type} needs an id of at least one part.` }),
  typeUnknown: (type: string): AppError =>
    new AppError({ kind: 'internal', code: 'CACHE_TYPE_UNKNOWN', message: `There is no cache type "${type}"; the types are in src/shared/cache/cache-registry.ts.` }),
  ttlInvalid: (ttlSeconds: number): AppError =>
    new AppError({ kind: 'internal', code: 'CACHE_TTL_INVALID', message: `A time to live is 0 (without end) to 31536000 seconds, not ${String(ttlSeconds)}.` }),
  tenantsMixed: (): AppError =>
    new AppError({ kind: 'internal', code: 'CACHE_TENANTS_MIXED', message: 'One batch read serves one tenant; call once for each.' }),
  uncacheable: (path: string, what: string): AppError =>
    new AppError({ kind: 'internal', code: 'UNCACHEABLE_VALUE', message: `A value cannot be cached: ${path} is ${what}.` }),
  tooLarge: (bytes: number, limit: number): AppError =>
    new AppError({ kind: 'internal', code: 'UNCACHEABLE_VALUE', message: `A value cannot be cached: it has ${String(bytes)} bytes, the limit is ${String(limit)}.` }),
  loaderTimedOut: (timeoutMs: number): AppError =>
    new AppError({ kind: 'unavailable', code: 'LOADER_TIMED_OUT', message: `What you asked for could not be read within ${String(timeoutMs)} ms. Try again in 1 s.`, details: { retryAfterMs: 1_000 } }),
  scanRefused: (call: string): AppError =>
    new AppError({ kind: 'internal', code: 'CACHE_SCAN_REFUSED', message: `${call} would read or empty the whole Redis database, hot conversations included; delete keys by name, or invalidate a scope.` }),
  notCacheable: (key: string): AppError =>
    new AppError({ kind: 'internal', code: 'UNCACHEABLE_VALUE', message: `The value of "${key}" cannot be cached: it is null or undefined.` }),
};

/** Whether a loader has answered that there is none: that is no failure, and nothing older stands in for it. */
export function saysNone(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'notFound';
}
