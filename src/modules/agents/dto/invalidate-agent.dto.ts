import { IsBoolean } from 'class-validator';

/** What the caches are to forget of an agent: its configuration, tools and contexts. */
export class InvalidateAgentDto {
  /** Its conversations' memory and messages, too. */
  @IsBoolean() invalidateConversations: boolean = false;
}
