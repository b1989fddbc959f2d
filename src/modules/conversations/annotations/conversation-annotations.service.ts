import { Injectable } from '@nestjs/common';
import { AgentCacheInvalidator } from '../../../shared/cache/index.js';
import type { Tx } from '../../../shared/database/index.js';
import type { ConversationRef, StoredConversation } from '../conversation.js';
import { conversationErrors } from '../conversations.errors.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { type Annotations, MAX_LABELS, type Note, type NotePage } from './annotation.js';
import { AnnotationRepository } from './annotation.repository.js';
import { NoteRepository } from './note.repository.js';

const NONE: Annotations = { labels: [], assignee: null };

/**
 * What operators say of conversations: labels, who looks after one, notes. It is in PostgreSQL from the first moment, wherever the conversation is, never
 * touches the conversation itself, and goes with it when that is deleted. Every method that changes something throws CONVERSATION_NOT_FOUND (notFound).
 */
@Injectable()
export class ConversationAnnotations {
  constructor(
    private readonly history: HistoryReader,
    private readonly annotations: AnnotationRepository,
    private readonly noted: NoteRepository,
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /** Of conversations that are there, in their order. */
  async of<T extends { readonly conversationId: string }>(tenantId: string, conversations: readonly T[]): Promise<(T & Annotations)[]> {
    const known = conversations.length === 0 ? new Map<string, Annotations>() : await this.annotations.of(tenantId, conversations.map(({ conversationId }) => conversationId));
    return conversations.map((conversation) => ({ ...conversation, ...(known.get(conversation.conversationId) ?? NONE) }));
  }

  /** From now on these are its labels. @throws LABELS_TOO_MANY (conflict) */
  async setLabels(ref: ConversationRef, labels: readonly string[], author: string): Promise<Annotations> {
    return this.label(ref, labels, author, true);
  }

  /** @throws LABELS_TOO_MANY (conflict) */
  async addLabel(ref: ConversationRef, label: string, author: string): Promise<Annotations> {
    return this.label(ref, [label], author, false);
  }

  /** One that it does not have is no error. */
  async removeLabel(ref: ConversationRef, label: string): Promise<Annotations> {
    return this.change(ref, (_, tx) => this.annotations.removeLabel(ref, label, tx));
  }

  /** @param assignee who looks after it from now on; null for nobody */
  async assign(ref: ConversationRef, assignee: string | null, author: string): Promise<Annotations> {
    return this.change(ref, ({ createdAt }, tx) => this.annotations.assign(ref, assignee, { author, begunAt: createdAt }, tx));
  }

  /** @returns the note that has the id: with a repeated request the first one */
  async addNote(ref: ConversationRef, note: Note): Promise<Note> {
    await this.change(ref, (_, tx) => this.noted.insertOnce(ref, note, tx));
    return (await this.noted.find(ref, note.noteId)) ?? note;
  }

  /** Newest first. @throws CONVERSATION_NOT_FOUND (notFound) */
  async notes(ref: ConversationRef, page: { readonly limit: number; readonly cursor: string | undefined }): Promise<NotePage> {
    await this.history.get(ref);
    return this.noted.findPage(ref, page);
  }

  /** @throws NOTE_NOT_FOUND (notFound) */
  async removeNote(ref: ConversationRef, noteId: string): Promise<void> {
    await this.change(ref, async (_, tx) => {
      if (!(await this.noted.remove(ref, noteId, tx))) throw conversationErrors.noteNotFound(noteId);
    });
  }

  private async label(ref: ConversationRef, labels: readonly string[], author: string, isAll: boolean): Promise<Annotations> {
    return this.change(ref, async ({ createdAt }, tx) => {
      if (!(await this.annotations.label(ref, { labels, isAll }, { author, begunAt: createdAt }, tx))) throw conversationErrors.labelsTooMany(MAX_LABELS);
    });
  }

  /** @returns what it has afterwards */
  private async change(ref: ConversationRef, work: (conversation: StoredConversation, tx: Tx) => Promise<unknown>): Promise<Annotations> {
    const conversation = await this.history.get(ref);
    const outcome = await this.annotations.annotate(ref, (tx) => work(conversation, tx));
    if (outcome === 'deleted') throw conversationErrors.notFound(ref.conversationId);
    await this.invalidator.conversation(ref.tenantId, conversation.agentId, ref.conversationId);
    return (await this.annotations.of(ref.tenantId, [ref.conversationId])).get(ref.conversationId) ?? NONE;
  }
}
