import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CLIENT_ID } from '../../contracts/index.js';
import type { Principal } from '../tenancy/index.js';
import { crmErrors } from './crm.errors.js';

/** Who says something of a tenant's conversations. */
export interface Operator {
  readonly tenantId: string;
  /** Whom `X-Operator-ID` names, otherwise the API key; `administrator` for the administrator's key of the settings, and for callers without a key in development. */
  readonly author: string;
}

/** The operator of the current HTTP request. @throws HEADER_INVALID (invalid) */
export const CurrentOperator = createParamDecorator((_: unknown, context: ExecutionContext): Operator => {
  const { headers, principal } = context.switchToHttp().getRequest<FastifyRequest & { principal: Principal }>();
  return { tenantId: principal.tenantId, author: namedIn(headers['x-operator-id']) ?? (principal.key ? `key:${principal.key.keyId}` : 'administrator') };
});

function namedIn(header: string | string[] | undefined): string | undefined {
  if (header !== undefined && (typeof header !== 'string' || !CLIENT_ID.test(header))) throw crmErrors.operatorInvalid();
  return header;
}
