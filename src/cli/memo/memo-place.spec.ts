import { describe, expect, it } from '@jest/globals';
import { CACHE_FORMS, type PlaceOptions, memoPlaceOf, shownPlace } from './memo-place.js';

describe('the place of a cache', () => {
  it.each<[PlaceOptions, object, string]>([
    [{ cache: 'json:./a b' }, { kind: 'json', path: './a b' }, 'json:./a b'],
    [{ cache: 'disk:/x:y' }, { kind: 'disk', path: '/x:y' }, 'disk:/x:y'],
    [{ cache: 'sqlite:c.db' }, { kind: 'sqlite', path: 'c.db', namespace: 'default' }, 'sqlite:c.db'],
    [{ cache: 'postgres://me:pass@h:5432/db?sslmode=require', namespace: 'n' }, { kind: 'postgres', url: 'postgres://me:pass@h:5432/db?sslmode=require', namespace: 'n' }, 'postgres://h:5432/db'],
    [{ cache: 'postgresql:///db' }, { kind: 'postgres', url: 'postgresql:///db', namespace: 'default' }, 'postgresql:///db'],
    [{ cache: 'mysql://me:p%40ss@h/db' }, { kind: 'mysql', url: 'mysql://me:p%40ss@h/db', namespace: 'default' }, 'mysql://h/db'],
    [{ cache: 'rediss://:pass@h/2', tenant: 'acme' }, { kind: 'redis', url: 'rediss://:pass@h/2', tenantId: 'acme', namespace: 'default' }, 'rediss://h/2'],
    [{ cache: 'redis', tenant: 'acme', namespace: 'answers' }, { kind: 'redis', url: undefined, tenantId: 'acme', namespace: 'answers' }, 'the Redis of REDIS_URL'],
  ])('%j is read, and shown without its password', (options, place, shown) => {
    expect(memoPlaceOf(options)).toEqual(place);
    expect(shownPlace(memoPlaceOf(options))).toBe(shown);
  });

  it.each<[PlaceOptions, string]>([
    [{ cache: '/folder' }, '--cache begins with the kind'],
    [{ cache: '' }, '--cache begins with the kind'],
    [{ cache: 'csv:x' }, '--cache knows no kind "csv"'],
    [{ cache: 'json:' }, '--cache json: needs a folder'],
    [{ cache: 'sqlite:' }, '--cache sqlite: needs a file'],
    [{ cache: 'postgres:me:s3cret@h' }, '--cache postgres: is not followed by a whole URL'],
    [{ cache: 'postgres://me:s3#cret@h/db' }, '--cache postgres: is not followed by a whole URL'],
    [{ cache: 'postgres://me:12/s3cret@h/db' }, '--cache postgres: is not followed by a whole URL'],
    [{ cache: 'mysql://me:s3cret%@h/db' }, '--cache mysql: is not followed by a whole URL'],
  ])('%j is refused with every form, and the password is not repeated', (options, message) => {
    expect(() => memoPlaceOf(options)).toThrow(expect.objectContaining({ code: 'MEMO_PLACE_INVALID', message: expect.stringContaining(message) }));
    expect(() => memoPlaceOf(options)).toThrow(CACHE_FORMS);
    expect(() => memoPlaceOf(options)).not.toThrow(/s3|cret/);
  });

  it.each<[PlaceOptions, string]>([
    [{ cache: 'redis' }, '--tenant is missing'],
    [{ cache: 'json:x', tenant: 'acme' }, '--tenant is for redis only'],
    [{ cache: 'disk:x', namespace: 'n' }, '--namespace is for sqlite'],
    [{ cache: 'sqlite:x', namespace: 'a b' }, 'A namespace is 1 to 100'],
  ])('%j names the option that is wrong', (options, message) => {
    expect(() => memoPlaceOf(options)).toThrow(message);
  });
});
