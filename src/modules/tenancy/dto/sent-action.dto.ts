import type { ActionType } from '../../../contracts/index.js';

export class SentActionDto {
  actionId!: string;
  actionType!: ActionType;
  taskId!: string;
  correlationId!: string;
}

export class AnsweredActionDto {
  actionId!: string;
  actionType!: ActionType;
  taskId!: string;
  /** The answer, by the type of the action; null for types that are answered without data. */
  data!: unknown;
}
