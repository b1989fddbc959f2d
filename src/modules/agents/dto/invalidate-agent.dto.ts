import { IsBoolean } from 'class-validator';
import { Optional } from '../../../contracts/index.js';

/** What the caches are to forget of an agent: its configuration, tools and contexts. */
export class InvalidateAgentDto {
  /** Its conversations' memory and messages, too. */
  @Optional() @IsBoolean() invalidateConversations?: boolean;
}
