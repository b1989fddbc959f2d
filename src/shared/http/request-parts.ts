import type { FastifyRequest } from 'fastify';

/** A parameter of the path as the handlers see it: ids are in lower case; '' when there is none. */
export function pathParam(params: unknown, name: string): string {
  const value = (params as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value.toLowerCase() : '';
}

/** The query as a key: the same for the same parameters in any order. */
export function queryKey({ query }: FastifyRequest): string[] {
  const pairs = Object.entries((query ?? {}) as Readonly<Record<string, unknown>>).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['query', ...pairs.map((pair) => JSON.stringify(pair))];
}
