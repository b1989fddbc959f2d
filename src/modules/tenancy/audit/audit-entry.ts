import type { Principal } from '../principal.js';

/** What an actor has shown: an API key, NOOBLE_ADMIN_KEY, or nothing but a header (AUTH_MODE=headers). */
export const ACTOR_KINDS = ['key', 'adminKey', 'headers'] as const;

export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Facts of an action by their names; no secrets, and nothing that anybody has said. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** An action of an operator or administrator, before it is done. */
export interface AuditedAction {
  /** Whose things it is done to; SYSTEM_TENANT for those of all tenants. */
  readonly tenantId: string;
  /** A UUIDv7. */
  readonly entryId: string;
  readonly at: Date;
  readonly actorKind: ActorKind;
  /** Id of the key. */
  readonly actorId: string | null;
  readonly actorName: string | null;
  /** Its stable name, such as `migration.stop`. */
  readonly action: string;
  /** What it is done to: an id, or `user:` and a pseudonym. */
  readonly target: string | null;
  readonly requestId: string;
  readonly details: AuditDetails;
}

/** The same with what came of it. */
export interface AuditEntry extends AuditedAction {
  /** `success`, or the code of the error; null when nobody knows: it goes on, or the process ended in between. */
  readonly outcome: string | null;
  readonly endedAt: Date | null;
}

/** Who acts. */
export function actorOf({ key, keyName }: Partial<Pick<Principal, 'key' | 'keyName'>>): Pick<AuditedAction, 'actorKind' | 'actorId' | 'actorName'> {
  if (key) return { actorKind: 'key', actorId: key.keyId, actorName: keyName ?? null };
  return { actorKind: keyName === undefined ? 'headers' : 'adminKey', actorId: null, actorName: keyName ?? null };
}
