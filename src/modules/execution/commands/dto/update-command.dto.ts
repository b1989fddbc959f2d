import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length, ValidateIf } from 'class-validator';
import { IsMetadata, Optional } from '../../../../contracts/index.js';

/** What may be changed of a command. */
export class UpdateCommandDto {
  /** Takes the place of what there was. */
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** What is recorded of the agent's background; null takes it away. */
  @ApiPropertyOptional({ type: String, nullable: true }) @ValidateIf((_, value) => value !== undefined && value !== null) @IsString() @Length(1, 100_000) agentBackground?: string | null;
}
