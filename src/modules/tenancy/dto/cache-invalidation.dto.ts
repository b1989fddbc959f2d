/** How many cache entries were made void, of the types that are counted. */
export class CacheInvalidationDto {
  agentConfig!: number;
  agentTools!: number;
  conversations!: number;
  messages!: number;
}
