import type { Conversation, ConversationStatus } from './conversation.js';
import { conversationErrors } from './conversations.errors.js';
import { isTransition } from './status-machine.js';
import type { HeaderFields } from './hot/header-hash.js';
import type { HeaderChange } from './hot/hot-conversation.store.js';

/** What a caller changes of a conversation; null takes a value away. */
export interface ConversationEdit {
  readonly status?: ConversationStatus;
  /** Takes the place of what there was. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly summary?: string | null;
  readonly customerSatisfaction?: number | null;
}

/** When a change has to be in PostgreSQL, and how many conversations may be active. */
export interface EditRules {
  readonly closedDueSeconds: number;
  readonly activeLimit: number | null;
}

/**
 * The header that an edit leaves.
 *
 * @returns null when nothing changes
 * @throws STATUS_TRANSITION (conflict)
 */
export function toHeaderChange(conversation: Conversation, edit: ConversationEdit, { closedDueSeconds, activeLimit }: EditRules): HeaderChange | null {
  const status = edit.status === conversation.status ? undefined : edit.status;
  const fields = { ...statusFields(conversation.status, status), ...otherFields(edit) };
  if (Object.keys(fields).length === 0) return null;
  const session = status === undefined ? undefined : status === 'active' ? 'enter' : 'leave';
  return { fields, status: conversation.status, ...(session && { session }), activeLimit, dueInSeconds: closedDueSeconds };
}

function statusFields(from: ConversationStatus, to: ConversationStatus | undefined): HeaderFields {
  if (to === undefined) return {};
  if (!isTransition(from, to)) throw conversationErrors.transition(from, to);
  if (to === 'active') return { status: to, closedAt: '' };
  return from === 'active' ? { status: to, closedAt: String(Date.now()) } : { status: to };
}

function otherFields({ metadata, summary, customerSatisfaction }: ConversationEdit): HeaderFields {
  return {
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    ...(summary !== undefined && { summary: summary ?? '' }),
    ...(customerSatisfaction !== undefined && { customerSatisfaction: customerSatisfaction === null ? '' : String(customerSatisfaction) }),
  };
}
