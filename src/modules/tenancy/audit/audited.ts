import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../principal.js';

/** Metadata key that the interceptor reads. */
export const AUDITED = 'nooble:audited';

/** A request as the guard leaves it. */
export type CallerRequest = FastifyRequest & { readonly principal?: Principal };

/** What of a request the audit log is told. */
export interface AuditRule {
  /** Name of the path parameter that is the target, or what the target is; default: none. */
  readonly target?: string | ((request: CallerRequest) => string | undefined);
  /** Name of the path parameter, or of the field of the body, with the tenant that it concerns; default: the caller's. */
  readonly tenant?: string;
  /** Name of the path parameter with the id of an API key: it concerns the tenant of that key. */
  readonly ofKey?: string;
  /** Fields of body and query, and parameters of the path, that are written down: short ones, no secret, and nothing that anybody has said. */
  readonly says?: readonly string[];
  /** Fields of the answer that are written down: ids of what was made. */
  readonly answers?: readonly string[];
  /** Which requests are written down; default: all. */
  readonly isNeeded?: (request: CallerRequest) => boolean;
}

/** A rule with the stable name of its action. */
export interface AuditedRule extends AuditRule {
  readonly action: string;
}

/**
 * Every call of this handler is in the audit log: before it is done, and with its outcome before it is answered. A handler for operators or
 * administrators that changes something or gives personal data away has to have this: test/e2e/audited-handlers.spec.ts.
 *
 * @param action stable name: the thing, then what is done, such as `migration.stop`
 */
export function Audited(action: string, rule: AuditRule = {}): CustomDecorator {
  return SetMetadata(AUDITED, { ...rule, action } satisfies AuditedRule);
}
