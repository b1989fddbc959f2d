import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Headers that decide what a request does. */
const DECIDING = /^x-(llm|embedding|rag)-|^x-(agent|session|conversation|user)-id$/;

/** What makes two requests the same one. */
export interface RequestFacts {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** As JSON was read; nested no deeper than the stores take it. */
  readonly body: unknown;
}

/** Says in which form the caller wants to be answered, not what is to be done. */
const FORM = 'wait';

/** SHA-256, hexadecimal, over what a request asks for. The form of the answer counts for nothing, nor does the order of fields in the body and of parameters in the query. */
export function fingerprintOf({ method, url, headers, body }: RequestFacts): string {
  const [path, query = ''] = url.split('?', 2);
  const parameters = [...new URLSearchParams(query)].filter(([name]) => name !== FORM).map(([name, value]) => `${name}=${value}`).sort();
  const deciding = Object.entries(headers).filter(([name]) => DECIDING.test(name)).sort();
  const facts = [method, path, parameters, deciding, body];
  return createHash('sha256').update(JSON.stringify(facts, sorted)).digest('hex');
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
