import { createHash } from 'node:crypto';

/** A user as the audit log and receipts name him: SHA-256 of tenant and user id, hexadecimal. Who knows the id finds him again; the name says nothing by itself. */
export function userPseudonym(tenantId: string, userId: string): string {
  return createHash('sha256').update(`${tenantId}\n${userId}`).digest('hex');
}
