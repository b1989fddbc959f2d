/** How many cache entries were made void: those that could have been read a moment before. */
export class AgentInvalidationDto {
  agentConfig!: number;
  agentTools!: number;
  conversations!: number;
  messages!: number;
}
