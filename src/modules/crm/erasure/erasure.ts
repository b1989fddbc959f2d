/** `running`: a pass has begun, and others will follow. `completed`: a pass has looked everywhere and found nothing. */
export const ERASURE_STATUSES = ['pending', 'running', 'completed'] as const;

export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/** How much was taken out, by place. After a crash in the middle of a place it can say less than there was, never more. */
export type ErasureCounts = Readonly<Record<string, number>>;

/** The erasure of one user, and afterwards its receipt. */
export interface Erasure {
  readonly tenantId: string;
  readonly erasureId: string;
  /** `userPseudonym` of the user. */
  readonly userHash: string;
  /** Null once it is completed. */
  readonly userId: string | null;
  readonly status: ErasureStatus;
  readonly requestedBy: string;
  /** What began before this is erased; what begins later is a new life. */
  readonly requestedAt: Date;
  /** What was found, until it is completed. */
  readonly conversationIds: readonly string[];
  readonly executionIds: readonly string[];
  /** Times that every place was looked at. */
  readonly passes: number;
  readonly counts: ErasureCounts;
  /** Code of what the last pass has failed with; null after one that went well. */
  readonly error: string | null;
  /** End of the last pass, or the request. */
  readonly lookedAt: Date;
  /** When a pass found nothing any more. */
  readonly verifiedAt: Date | null;
}

/** An erasure that goes on: it still knows whom it is about. */
export type OpenErasure = Erasure & { readonly userId: string };

/** The same while it is worked on, with what only conversations that are still there say. */
export type WorkedErasure = OpenErasure & { readonly sessions: ReadonlySet<string> };

export function isOpen(erasure: Erasure): erasure is OpenErasure {
  return erasure.userId !== null;
}
