/** The service levels a tenant can have, weakest first. Their numbers live in `modules/tenancy/tiers.ts`. */
export const TIERS = ['free', 'advance', 'professional', 'enterprise'] as const;

export type Tier = (typeof TIERS)[number];
