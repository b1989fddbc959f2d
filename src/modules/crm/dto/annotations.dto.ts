import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { CLIENT_ID, IsIdCursor, Optional } from '../../../contracts/index.js';
import { LABEL, MAX_LABELS } from '../../conversations/index.js';
import { LABEL_RULE } from '../crm.errors.js';

export class SetLabelsDto {
  /** From now on these, and no others. */
  @IsArray() @ArrayMaxSize(MAX_LABELS) @Matches(LABEL, { each: true, message: `each of labels ${LABEL_RULE}` }) labels!: string[];
}

export class AssignDto {
  /** Who looks after it from now on, by an id of your own; null for nobody. */
  @ApiProperty({ type: String, nullable: true }) @ValidateIf((_, value) => value !== null) @Matches(CLIENT_ID) assignee!: string | null;
}

export class AnnotationsDto {
  conversationId!: string;
  /** In alphabetical order. */
  labels!: string[];
  assignee!: string | null;
}

export class AddNoteDto {
  @IsString() @Length(1, 10_000) text!: string;
}

export class ListNotesDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
}

export class NoteDto {
  noteId!: string;
  text!: string;
  /** Whom `X-Operator-ID` named, or the API key. */
  author!: string;
  createdAt!: Date;
}

export class NotePageDto {
  /** Newest first. */
  data!: NoteDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  total!: number;
}

export class RateDto {
  /** How content the user was, 1 to 5; null takes it away. */
  @ApiProperty({ type: Number, nullable: true }) @ValidateIf((_, value) => value !== null) @IsInt() @Min(1) @Max(5) customerSatisfaction!: number | null;
}
