import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CLIENT_ID } from '../../contracts/index.js';
import type { Principal } from '../tenancy/index.js';
import { crmErrors } from './crm.errors.js';

/** A caller; one that came with an API key of a tenant has its id. */
type Caller = Principal & { readonly key?: { readonly keyId: string } | null };

/** Who is written down as the author: whom `X-Operator-ID` names, otherwise the API key, otherwise, with the administrator's key of the settings or without any, `administrator`. */
export const CurrentOperator = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { headers, principal } = context.switchToHttp().getRequest<FastifyRequest & { principal: Caller }>();
  const named = headers['x-operator-id'];
  if (named === undefined) return principal.key ? `key:${principal.key.keyId}` : 'administrator';
  if (typeof named !== 'string' || !CLIENT_ID.test(named)) throw crmErrors.operatorInvalid();
  return named;
});
