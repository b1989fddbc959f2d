/** Parts of a tenant's memo in Redis. What is kept in them follows from what people have said, so the erasure of a user empties all of them. */
export const MEMO_NAMESPACES = { embeddings: 'embeddings' } as const;
