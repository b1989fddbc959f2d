/** Who can mend an error, and so which HTTP status it has (`shared/http/error-status.ts`). Jobs retry `unavailable` and `internal`. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'conflict'
  | 'tooLarge'
  | 'limited'
  | 'unavailable'
  | 'internal';

export interface AppErrorInit {
  readonly kind: ErrorKind;
  /** Stable UPPER_SNAKE word that clients may match on. */
  readonly code: string;
  /** One sentence for people: what is wrong and the way out. */
  readonly message: string;
  /** Safe to show to the caller. `retryAfterMs` also becomes the header `Retry-After`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error class of ours. */
export class AppError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor({ kind, code, message, details, cause }: AppErrorInit) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.kind = kind;
    this.code = code;
    this.details = details;
  }

  /** True when the same call may succeed later without anybody changing anything. */
  get isRetryable(): boolean {
    return this.kind === 'unavailable' || this.kind === 'internal';
  }
}
