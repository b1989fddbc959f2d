import { Body, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { type Annotations, ConversationAnnotations } from '../conversations/index.js';
import { Audited, CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { AddNoteDto, AnnotationsDto, AssignDto, ListNotesDto, NoteDto, NotePageDto, SetLabelsDto } from './dto/annotations.dto.js';
import { LabelParam } from './label-param.js';
import { CurrentOperator, type Operator } from './operator.js';

@ApiHeader({ name: 'X-Operator-ID', required: false, description: 'who says it; default: the API key' })
@CrmController('conversations/:conversationId')
export class CrmAnnotationsController {
  constructor(private readonly annotations: ConversationAnnotations) {}

  /** Takes the place of the labels that it has. */
  @Put('labels')
  @Audited('conversation.label', { target: 'conversationId', says: ['labels'] })
  async setLabels(@CurrentOperator() { tenantId, author }: Operator, @UuidParam('conversationId') conversationId: string, @Body() { labels }: SetLabelsDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.setLabels({ tenantId, conversationId }, labels, author));
  }

  /** Adds a label; repeating it changes nothing. */
  @Put('labels/:label')
  @Audited('conversation.label', { target: 'conversationId', says: ['label'] })
  async addLabel(@CurrentOperator() { tenantId, author }: Operator, @UuidParam('conversationId') conversationId: string, @LabelParam() label: string): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.addLabel({ tenantId, conversationId }, label, author));
  }

  /** Takes a label away; repeating it changes nothing. */
  @Delete('labels/:label')
  @Audited('conversation.unlabel', { target: 'conversationId', says: ['label'] })
  async removeLabel(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @LabelParam() label: string): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.removeLabel({ tenantId, conversationId }, label));
  }

  /** Says who looks after it. */
  @Put('assign')
  @Audited('conversation.assign', { target: 'conversationId', says: ['assignee'] })
  async assign(@CurrentOperator() { tenantId, author }: Operator, @UuidParam('conversationId') conversationId: string, @Body() { assignee }: AssignDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.assign({ tenantId, conversationId }, assignee, author));
  }

  /** Adds a note, for operators alone: no model and no user sees it. */
  @Post('notes')
  @Audited('conversation.note', { target: 'conversationId', answers: ['noteId'] })
  @Idempotent()
  async addNote(
    @CurrentOperator() { tenantId, author }: Operator,
    @UuidParam('conversationId') conversationId: string,
    @Body() { text }: AddNoteDto,
    @RequestIds() ids: NewIds,
  ): Promise<NoteDto> {
    return this.annotations.addNote({ tenantId, conversationId }, { noteId: ids.id('note'), text, author, createdAt: new Date() });
  }

  /** The notes, newest first. */
  @Get('notes')
  async notes(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Query() { limit, cursor }: ListNotesDto): Promise<NotePageDto> {
    const page = await this.annotations.notes({ tenantId, conversationId }, { limit, cursor });
    return { ...page, data: [...page.data] };
  }

  /** Deletes a note. */
  @Delete('notes/:noteId')
  @Audited('conversation.unnote', { target: 'conversationId', says: ['noteId'] })
  @HttpCode(204)
  async removeNote(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @UuidParam('noteId') noteId: string): Promise<void> {
    await this.annotations.removeNote({ tenantId, conversationId }, noteId);
  }
}

function toDto(conversationId: string, { labels, assignee }: Annotations): AnnotationsDto {
  return { conversationId, labels: [...labels], assignee };
}
