import { type CachedCommand, canonicalStatus, type CommandUpdates } from './command.js';

/** What an update cannot change, or what has a rule of its own below. */
const RULED = new Set(['id', 'createdAt', 'updatedAt', 'agentBackground', 'results', 'status', 'metadata']);

type Fields = Record<string, unknown>;

/** A frozen copy through and through, as JSON would keep it: dates as text, no functions. @throws RangeError for a circle */
export function frozenCopy(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((part: unknown) => frozenCopy(part) ?? null));
  if (value instanceof Date) return value.toJSON();
  return Object.freeze(copyOf(value as Fields));
}

/** Spread first: objects of one shape stay so, which makes the next copies several times faster. */
function copyOf(fields: Readonly<Fields>): Fields {
  const copy = { ...fields };
  for (const name of Object.keys(copy)) {
    const part = copy[name];
    if (part !== null && (typeof part === 'object' || typeof part === 'function' || typeof part === 'symbol')) copy[name] = frozenCopy(part);
  }
  return copy;
}

/**
 * A command as the cache keeps it. The background of the one before it stays when the new one has none.
 *
 * @param previous what the cache had under its ids
 */
export function stored(command: Readonly<Fields> & Pick<CachedCommand, 'id'>, previous: CachedCommand | null, now: number): CachedCommand {
  const copy = copyOf(command);
  copy['createdAt'] ??= now;
  copy['updatedAt'] ??= now;
  copy['status'] = canonicalStatus((copy['status'] ?? 'pending') as CachedCommand['status']);
  if (isBlank(copy['agentBackground']) && previous !== null && !isBlank(previous.agentBackground)) copy['agentBackground'] = previous.agentBackground;
  return Object.freeze(copy) as unknown as CachedCommand;
}

/**
 * A command after an update: the background stays when the update has none or an empty one; results take the place of the old ones when there are
 * any; a model without a modelId is its own; the id in the database is never lost. A later time that the update brings is its time.
 *
 * @source seed 002, "Preservación de Agent Background"; `originals.md` section 3.2, updateCachedCommand
 */
export function merged(command: CachedCommand, updates: CommandUpdates, now: number): CachedCommand {
  const next: Fields = { ...command };
  for (const name in updates) {
    const value = updates[name];
    if (value !== undefined && !RULED.has(name)) next[name] = frozenCopy(value);
  }
  const { agentBackground, status, model, modelId } = updates;
  if (!isBlank(agentBackground)) next['agentBackground'] = agentBackground;
  if (status !== undefined) next['status'] = canonicalStatus(status);
  if (isNamed(model) && modelId === undefined) next['modelId'] = model;
  replaceParts(next, command, updates);
  const { updatedAt } = updates;
  return touched(next, command, typeof updatedAt === 'number' && updatedAt > command.updatedAt ? updatedAt : now);
}

function replaceParts(next: Fields, command: CachedCommand, { results, metadata }: CommandUpdates): void {
  if (Array.isArray(results)) next['results'] = frozenCopy(results);
  if (metadata) next['metadata'] = frozenCopy({ ...metadata, dbUuid: metadata.dbUuid ?? command.metadata?.dbUuid });
}

/** The same command with another background, or with none. */
export function withBackground(command: CachedCommand, agentBackground: string | null, now: number): CachedCommand {
  return touched({ ...command, agentBackground }, command, now);
}

function touched(next: Fields, command: CachedCommand, now: number): CachedCommand {
  next['updatedAt'] = Math.max(now, command.updatedAt + 1);
  return Object.freeze(next) as unknown as CachedCommand;
}

/** Whether a background says nothing. */
export function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}

function isNamed(model: unknown): model is string {
  return typeof model === 'string' && model !== '';
}
