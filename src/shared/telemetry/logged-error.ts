/** Causes of causes are logged this deep. */
const MAX_CAUSES = 3;
const MAX_STACK_CHARACTERS = 4_000;

/** What a log has of an error. Nothing else: drivers hang commands, parameters and whole requests on theirs. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** @param thrown anything; text is kept as the message */
export function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (typeof thrown !== 'object' || thrown === null) return { type: typeof thrown, message: String(thrown) };
  const { name, message, stack, code, cause } = thrown as Readonly<Record<string, unknown>>;
  return {
    type: textOf(name) ?? 'Error',
    message: textOf(message) ?? '',
    ...(isCode(code) && { code }),
    ...(typeof stack === 'string' && { stack: stack.slice(0, MAX_STACK_CHARACTERS) }),
    ...(depth < MAX_CAUSES && causeOf(cause, depth)),
  };
}

function causeOf(cause: unknown, depth: number): Pick<LoggedError, 'cause'> {
  return cause === undefined || cause === null ? {} : { cause: loggedError(cause, depth + 1) };
}

function isCode(code: unknown): code is string | number {
  return typeof code === 'string' || typeof code === 'number';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
