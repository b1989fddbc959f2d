import type { IncomingHttpHeaders } from 'node:http';
import { isUUID } from 'class-validator';
import { CLIENT_ID, TIERS } from '../../../contracts/index.js';
import { executionErrors } from '../execution.errors.js';

/** The headers of the seeds' own entry. @source seed 001; `originals.md` section 1.5 */
export const CHAT_HEADERS = {
  'X-Tenant-ID': 'The tenant that your key belongs to',
  'X-Tenant-Tier': `One of ${TIERS.join(', ')}; a hint, your tenant's own tier counts`,
  'X-Agent-ID': 'The agent',
  'X-Session-ID': 'The session',
  'X-Conversation-ID': "A conversation of yours to go on with; default: the session's active one, or a new one",
  'X-User-ID': 'The user',
} as const;

type ChatHeader = keyof typeof CHAT_HEADERS;

/** What the headers say of a turn. */
export interface ChatHeaders {
  readonly agentId: string;
  readonly sessionId: string;
  readonly conversationId?: string;
  readonly userId?: string;
}

const isClientId = (value: string): boolean => CLIENT_ID.test(value);
const RULES: Readonly<Record<ChatHeader, { readonly isValid: (value: string) => boolean; readonly rule: string }>> = {
  'X-Tenant-ID': { isValid: isClientId, rule: 'must match ^[A-Za-z0-9._-]{1,128}$' },
  'X-Tenant-Tier': { isValid: (value) => TIERS.some((tier) => tier === value), rule: `must be one of ${TIERS.join(', ')}` },
  'X-Agent-ID': { isValid: (value) => isUUID(value), rule: 'must be a UUID' },
  'X-Session-ID': { isValid: isClientId, rule: 'must match ^[A-Za-z0-9._-]{1,128}$' },
  'X-Conversation-ID': { isValid: (value) => isUUID(value), rule: 'must be a UUID' },
  'X-User-ID': { isValid: isClientId, rule: 'must match ^[A-Za-z0-9._-]{1,128}$' },
};

/** @throws HEADER_INVALID (invalid) naming the header */
export function chatHeadersFrom(headers: IncomingHttpHeaders): ChatHeaders {
  for (const name of ['X-Tenant-ID', 'X-Tenant-Tier'] as const) required(headers, name);
  const conversationId = read(headers, 'X-Conversation-ID')?.toLowerCase();
  const userId = read(headers, 'X-User-ID');
  const ids = { agentId: required(headers, 'X-Agent-ID').toLowerCase(), sessionId: required(headers, 'X-Session-ID') };
  return { ...ids, ...(conversationId !== undefined && { conversationId }), ...(userId !== undefined && { userId }) };
}

function required(headers: IncomingHttpHeaders, name: ChatHeader): string {
  const value = read(headers, name);
  if (value === undefined) throw executionErrors.headerMissing(name, RULES[name].rule);
  return value;
}

function read(headers: IncomingHttpHeaders, name: ChatHeader): string | undefined {
  const value = headers[name.toLowerCase()];
  if (value === undefined) return undefined;
  const { isValid, rule } = RULES[name];
  if (typeof value !== 'string' || !isValid(value)) throw executionErrors.chatHeaderInvalid(name, rule);
  return value;
}
