export class CacheStateDto {
  /** `open`: the cache does without Redis until it answers again. */
  breaker!: 'open' | 'closed';
  /** Every invalidation of other processes is heard. */
  isBusSound!: boolean;
  /** In the memory of the process. */
  entries!: number;
  bytes!: number;
  evictions!: number;
  generations!: number;
  /** Reads under way. */
  inFlight!: number;
  /** Invalidations that wait for Redis. */
  heldBack!: number;
}

export class CacheTypeReportDto {
  type!: string;
  /** By outcome. */
  reads!: Record<string, number>;
  loads!: number;
  loadErrors!: number;
  meanLoadMs!: number | null;
  /** Loads that took at most so many milliseconds. */
  loadsByMs!: Record<string, number>;
  /** Loaded values that were not kept, because something was invalidated meanwhile. */
  fenced!: number;
  /** Hits by reads, in the last minute, ten minutes, hour, and since the start; null without reads. */
  hitRate!: Record<string, number | null>;
}

export class CacheReportDto {
  state!: CacheStateDto;
  types!: CacheTypeReportDto[];
}
