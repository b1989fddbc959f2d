/** Conversations of one tenant at the most: as many as one sweep takes up. */
const PER_TENANT = 1_000;
const MAKERS = 8;

/**
 * Closed conversations in Redis, due now.
 *
 * @param {Awaited<ReturnType<import('./product.mjs').openFill>>} fill
 * @param {{ conversations: number, messages: number }} extent `messages` of each
 * @returns {Promise<{ tenantId: string, conversationId: string }[]>}
 */
export async function fillRedis({ fillOne }, { conversations, messages }) {
  const refs = new Array(conversations);
  const make = async (maker) => {
    for (let i = maker; i < conversations; i += MAKERS) refs[i] = await fillOne(tenantOf(i), messages);
  };
  await Promise.all(Array.from({ length: MAKERS }, (_, maker) => make(maker)));
  return refs;
}

/** The tenants that so many conversations belong to. */
export function tenantsOf(conversations) {
  return Array.from({ length: Math.ceil(conversations / PER_TENANT) }, (_, i) => tenantOf(i * PER_TENANT));
}

function tenantOf(i) {
  return `moves-${Math.floor(i / PER_TENANT)}`;
}
