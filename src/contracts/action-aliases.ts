import { Transform } from 'class-transformer';
import { IsIn } from 'class-validator';
import { ACTION_TYPES, type ActionType } from './actions.js';
import { together } from './fields.js';

/**
 * Other names of action types. They are read wherever an action is named, and in the Bull queues of their own names; inside there is only the type.
 *
 * @source `originals.md` section 1.3; docs/decisions/0020
 */
export const ACTION_ALIASES = {
  'migration.start': 'migration.start_migration_loop',
  'migration.stop': 'migration.stop_migration_loop',
  'migration.migrate_conversation': 'migration.migrate_conversation_explicitly',
  'migration.get_stats': 'migration.get_migration_stats',
} as const satisfies Readonly<Record<string, ActionType>>;

/** Every name that an action may be sent under, and the queues that other programs may put one into. */
export const ACTION_NAMES: readonly string[] = [...ACTION_TYPES, ...Object.keys(ACTION_ALIASES)];

/** The type of an action; an alias is read as the type that it stands for. */
export function IsActionType(): PropertyDecorator {
  const aliases = new Map<unknown, ActionType>(Object.entries(ACTION_ALIASES));
  const read = Transform(({ value }: { value: unknown }) => aliases.get(value) ?? value);
  return together(read, IsIn(ACTION_TYPES));
}
