import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { IsId } from '../../../contracts/index.js';
import { MAX_VERSION } from '../agent.js';

export class AgentVersionPathDto {
  @IsId() agentId!: string;
  @Type(() => Number) @IsInt() @Min(1) @Max(MAX_VERSION) version!: number;
}
