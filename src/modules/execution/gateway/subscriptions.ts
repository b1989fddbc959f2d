/** Runs that a socket has met: more than a session keeps for its sockets, so that none is sent twice. */
const MET_RUNS = 1_000;

/** What a socket may have subscribed to at once. A guess: more than a person looks at; each costs a reader, and pages of events that a slow client has not read. */
export const MAX_SUBSCRIPTIONS = 256;

/** One run that a socket follows. */
export interface Following {
  readonly executionId: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** seq of the last event that the client has. */
  cursor: number;
}

/** How a run is followed. */
export interface FollowOptions {
  /** seq of the last event that the client has; default 0. */
  readonly after?: number;
  /** The session that it is followed for, if it is not for itself. */
  readonly forSession?: string;
  /** Also a run that the socket has met before. */
  readonly isAgain?: boolean;
}

interface Entry {
  readonly following: Following;
  readonly controller: AbortController;
  forSession: string | undefined;
}

/** What one socket follows: runs, each once at a time, and sessions. */
export class Subscriptions {
  private readonly runs = new Map<string, Entry>();
  private readonly sessions = new Map<string, AbortController>();
  private readonly met = new Set<string>();
  private isOver = false;

  /** Whether it may be subscribed to: what is followed already may, and runs that a session brings take no room. */
  hasRoomFor({ executionId = '', sessionId = '' }: { readonly executionId?: string | undefined; readonly sessionId?: string | undefined }): boolean {
    if (this.runs.has(executionId) || this.sessions.has(sessionId)) return true;
    const ownRuns = [...this.runs.values()].filter(({ forSession }) => forSession === undefined);
    return ownRuns.length + this.sessions.size < MAX_SUBSCRIPTIONS;
  }

  /** @returns undefined if it is followed already, then from `after` at the least, or was met before */
  addRun(executionId: string, { after = 0, forSession, isAgain = false }: FollowOptions): Following | undefined {
    const known = this.runs.get(executionId);
    if (known) {
      known.following.cursor = Math.max(known.following.cursor, after);
      // From now on it is followed for itself, too.
      known.forSession = forSession && known.forSession;
    }
    if (known || this.isOver || (this.met.has(executionId) && !isAgain)) return undefined;
    const controller = new AbortController();
    const following = { executionId, signal: controller.signal, cursor: after };
    this.runs.set(executionId, { following, controller, forSession });
    this.meet(executionId);
    return following;
  }

  /** The run is followed, or was before. */
  hasMet(executionId: string): boolean {
    return this.met.has(executionId);
  }

  /** @param only ends only this following of the run */
  removeRun(executionId: string, only?: Following): void {
    const entry = this.runs.get(executionId);
    if (!entry || (only && entry.following !== only)) return;
    this.runs.delete(executionId);
    // Without a reason each run would make an error, with its stack.
    entry.controller.abort('not followed any more');
  }

  /** @returns the signal that ends the following, undefined if the session is followed already */
  addSession(sessionId: string): AbortSignal | undefined {
    if (this.isOver || this.sessions.has(sessionId)) return undefined;
    const controller = new AbortController();
    this.sessions.set(sessionId, controller);
    return controller.signal;
  }

  hasSession(sessionId: string): boolean {
    return this.sessions.has(sessionId);
  }

  /** With the runs that are followed for it alone; they are met anew if it is followed again. */
  removeSession(sessionId: string): void {
    this.sessions.get(sessionId)?.abort();
    this.sessions.delete(sessionId);
    for (const [executionId, { forSession }] of [...this.runs]) {
      if (forSession !== sessionId) continue;
      this.removeRun(executionId);
      this.met.delete(executionId);
    }
  }

  /** The socket is closed: it follows nothing any more. */
  end(): void {
    this.isOver = true;
    for (const sessionId of [...this.sessions.keys()]) this.removeSession(sessionId);
    for (const executionId of [...this.runs.keys()]) this.removeRun(executionId);
  }

  private meet(executionId: string): void {
    this.met.add(executionId);
    const [oldest] = this.met;
    if (this.met.size > MET_RUNS && oldest !== undefined) this.met.delete(oldest);
  }
}
