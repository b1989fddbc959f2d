import type { ContextIds } from './execution-context.js';

const FORMAT = /^ctx1\.([A-Za-z0-9_-]{1,500})$/;

/** The key under which a context is found again: opaque to whoever carries it, and bound to its tenant. */
export function contextKeyOf({ tenantId, agentId, conversationId }: ContextIds): string {
  return `ctx1.${Buffer.from(JSON.stringify([tenantId, agentId, conversationId])).toString('base64url')}`;
}

/** @returns undefined for what is no key of ours */
export function readContextKey(key: string): ContextIds | undefined {
  const [, encoded] = FORMAT.exec(key) ?? [];
  if (encoded === undefined) return undefined;
  const ids = parsed(Buffer.from(encoded, 'base64url').toString());
  if (!Array.isArray(ids) || ids.length !== 3 || !ids.every((id) => typeof id === 'string' && id !== '')) return undefined;
  const [tenantId, agentId, conversationId] = ids as [string, string, string];
  return { tenantId, agentId, conversationId };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
