import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { type Annotations, ConversationAnnotations } from '../conversations/index.js';
import { CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { AddNoteDto, AnnotationsDto, AssignDto, LabelPathDto, ListNotesDto, NoteDto, NotePageDto, SetLabelsDto } from './dto/annotations.dto.js';
import { CurrentOperator } from './operator.js';

@ApiHeader({ name: 'X-Operator-ID', required: false, description: 'who says it; default: the API key' })
@CrmController('conversations/:conversationId')
export class CrmAnnotationsController {
  constructor(private readonly annotations: ConversationAnnotations) {}

  /** Takes the place of the labels that it has. */
  @Put('labels')
  async setLabels(@CurrentPrincipal() { tenantId }: Principal, @CurrentOperator() author: string, @UuidParam('conversationId') conversationId: string, @Body() { labels }: SetLabelsDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.setLabels({ tenantId, conversationId }, labels, author));
  }

  /** Adds a label; repeating it changes nothing. */
  @Put('labels/:label')
  async addLabel(@CurrentPrincipal() { tenantId }: Principal, @CurrentOperator() author: string, @UuidParam('conversationId') conversationId: string, @Param() { label }: LabelPathDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.addLabel({ tenantId, conversationId }, label, author));
  }

  /** Takes a label away; repeating it changes nothing. */
  @Delete('labels/:label')
  async removeLabel(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Param() { label }: LabelPathDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.removeLabel({ tenantId, conversationId }, label));
  }

  /** Says who looks after it. */
  @Put('assign')
  async assign(@CurrentPrincipal() { tenantId }: Principal, @CurrentOperator() author: string, @UuidParam('conversationId') conversationId: string, @Body() { assignee }: AssignDto): Promise<AnnotationsDto> {
    return toDto(conversationId, await this.annotations.assign({ tenantId, conversationId }, assignee, author));
  }

  /** Adds a note, for operators alone: no model and no user sees it. */
  @Post('notes')
  async addNote(@CurrentPrincipal() { tenantId }: Principal, @CurrentOperator() author: string, @UuidParam('conversationId') conversationId: string, @Body() { text }: AddNoteDto): Promise<NoteDto> {
    return this.annotations.addNote({ tenantId, conversationId }, text, author);
  }

  /** The notes, newest first. */
  @Get('notes')
  async notes(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Query() { limit, cursor }: ListNotesDto): Promise<NotePageDto> {
    const page = await this.annotations.notes({ tenantId, conversationId }, { limit, cursor });
    return { ...page, data: [...page.data] };
  }

  /** Deletes a note. */
  @Delete('notes/:noteId')
  @HttpCode(204)
  async removeNote(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @UuidParam('noteId') noteId: string): Promise<void> {
    await this.annotations.removeNote({ tenantId, conversationId }, noteId);
  }
}

function toDto(conversationId: string, { labels, assignee }: Annotations): AnnotationsDto {
  return { conversationId, labels: [...labels], assignee };
}
