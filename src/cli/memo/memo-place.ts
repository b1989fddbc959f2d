import { AppError } from '../../shared/errors/index.js';
import { namespaceOf } from '../../shared/memo/index.js';

/** Where a memo cache keeps its entries. */
export type MemoPlace =
  | { readonly kind: 'json' | 'disk'; readonly path: string }
  | { readonly kind: 'sqlite'; readonly path: string; readonly namespace: string }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: string; readonly namespace: string }
  /** Without `url`: the server's own. */
  | { readonly kind: 'redis'; readonly url: string | undefined; readonly tenantId: string; readonly namespace: string };

/** What an operator says of it. */
export interface PlaceOptions {
  readonly cache: string;
  readonly tenant?: string;
  readonly namespace?: string;
}

/** Every form of `--cache`. */
export const CACHE_FORMS = 'json:<folder>, disk:<folder>, sqlite:<file>, postgres://…, mysql://…, redis://…, or redis for the server’s own (REDIS_URL)';

const URLS: ReadonlyMap<string, 'postgres' | 'mysql' | 'redis'> = new Map([['postgres', 'postgres'], ['postgresql', 'postgres'], ['mysql', 'mysql'], ['redis', 'redis'], ['rediss', 'redis']]);

/** @throws MEMO_PLACE_INVALID, MEMO_NAMESPACE_INVALID. No message shows a place: there may be a password in it */
export function memoPlaceOf({ cache, tenant, namespace }: PlaceOptions): MemoPlace {
  const { kind, where } = formOf(cache);
  checkTenant(kind, tenant);
  if (kind === 'json' || kind === 'disk') {
    if (namespace !== undefined) throw invalid(`--namespace is for sqlite, postgres, mysql and redis; a ${kind} folder is one cache. Leave it out`);
    return { kind, path: where };
  }
  const name = namespaceOf(namespace);
  if (kind === 'sqlite') return { kind, path: where, namespace: name };
  if (kind === 'redis') return { kind, url: where === '' ? undefined : where, tenantId: tenant ?? '', namespace: name };
  return { kind, url: where, namespace: name };
}

/** For people: without user, password and options. */
export function shownPlace(place: MemoPlace): string {
  if ('path' in place) return `${place.kind}:${place.path}`;
  if (place.url === undefined) return 'the Redis of REDIS_URL';
  const { protocol, host, pathname } = new URL(place.url);
  return `${protocol}//${host}${pathname}`;
}

interface Form {
  readonly kind: MemoPlace['kind'];
  /** A path, a URL, or nothing for the server's own Redis. */
  readonly where: string;
}

function formOf(cache: string): Form {
  if (cache === 'redis') return { kind: 'redis', where: '' };
  const [, scheme, where = ''] = /^([\w+.-]{1,20}):([^]*)$/.exec(cache) ?? [];
  if (scheme === undefined) throw invalid(`--cache begins with the kind of cache and a colon. It takes ${CACHE_FORMS}`);
  if (scheme === 'json' || scheme === 'disk' || scheme === 'sqlite') return pathForm(scheme, where);
  const kind = URLS.get(scheme);
  if (kind === undefined) throw invalid(`--cache knows no kind "${scheme}". It takes ${CACHE_FORMS}`);
  if (!isWholeUrl(cache)) throw invalid(`--cache ${scheme}: is not followed by a whole URL; @ : / ? # % in a password are written %40 %3A %2F %3F %23 %25. It takes ${CACHE_FORMS}`);
  return { kind, where: cache };
}

function pathForm(kind: 'json' | 'disk' | 'sqlite', where: string): Form {
  if (where === '' || where.includes('\0')) throw invalid(`--cache ${kind}: needs a ${kind === 'sqlite' ? 'file' : 'folder'} behind the colon. It takes ${CACHE_FORMS}`);
  return { kind, where };
}

function checkTenant(kind: MemoPlace['kind'], tenant: string | undefined): void {
  if (kind === 'redis' && tenant === undefined) throw invalid('--tenant is missing: in Redis every cache is a tenant’s. Say whose');
  if (kind !== 'redis' && tenant !== undefined) throw invalid(`--tenant is for redis only; a cache of the kind ${kind} has no tenants. Leave it out`);
}

/** An @ behind the host is one of a password that has a / or the like in it: what would be taken for the host is part of the password. */
function isWholeUrl(text: string): boolean {
  const url = /^[^:]+:\/\//.test(text) ? URL.parse(text) : null;
  return url !== null && !/%(?![\da-f]{2})/i.test(text) && !`${url.pathname}${url.search}${url.hash}`.includes('@');
}

function invalid(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'MEMO_PLACE_INVALID', message: `${message}.` });
}
