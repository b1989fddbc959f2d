import type { IncomingHttpHeaders } from 'node:http';
import { newId } from '../../contracts/index.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's `X-Request-ID` if it is one, so that a request can be followed through several systems; otherwise a new id. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const said = headers['x-request-id'];
  return typeof said === 'string' && REQUEST_ID.test(said) ? said : newId();
}
