/** What operators find conversations by. */
export interface Annotations {
  /** In alphabetical order. */
  readonly labels: readonly string[];
  /** Who looks after it. */
  readonly assignee: string | null;
}

/** What an operator has written on a conversation. */
export interface Note {
  readonly noteId: string;
  readonly text: string;
  readonly author: string;
  readonly createdAt: Date;
}

/** A page of notes, newest first. */
export interface NotePage {
  readonly data: readonly Note[];
  /** Id of the last one; null on the last page. */
  readonly nextCursor: string | null;
  /** How many the conversation has. */
  readonly total: number;
}

/** Labels of one conversation at the most. A guess: more than a person reads. */
export const MAX_LABELS = 50;

/** No letter of PostgreSQL's and no control character; 1 to 64 UTF-16 code units. */
export const LABEL = /^[^\p{C}\s](?:[^\p{C}]{0,62}[^\p{C}\s])?$/u;
