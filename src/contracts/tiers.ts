import { Transform } from 'class-transformer';
import { IsIn } from 'class-validator';
import { together } from './fields.js';

/** The service levels a tenant can have, weakest first. Their numbers live in `modules/tenancy/tiers.ts`. */
export const TIERS = ['free', 'advance', 'professional', 'enterprise'] as const;

export type Tier = (typeof TIERS)[number];

/** What older clients of administrators call tiers. Read where a tier is written, and kept by its own name. @source `behaviours.md` T-08 */
export const TIER_ALIASES: ReadonlyMap<unknown, Tier> = new Map([['basic', 'advance'], ['pro', 'professional'], ['business', 'professional']]);

/** A tier that an administrator writes, by its name or an alias. */
export function IsTier(): PropertyDecorator {
  return together(Transform(({ value }: { value: unknown }) => TIER_ALIASES.get(value) ?? value), IsIn(TIERS));
}
