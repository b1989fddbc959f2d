import type { CachedCommand, CommandUpdates } from './command.js';
import { isBlank, merged, stored, withBackground } from './command-merge.js';

/** Who is told of changes; node's EventEmitter is one. */
export interface CommandEmitter {
  emit(event: 'commandCacheUpdated' | 'commandCacheRemoved', payload: CachedCommand | { readonly id: string }): unknown;
}

export interface CommandCacheOptions {
  /** A command that nobody asks for in this time is forgotten, milliseconds. */
  readonly ttlMs?: number;
  /** Commands at the most; beyond it the tenth that was used longest ago goes. */
  readonly maxEntries?: number;
  /** The time, epoch milliseconds. */
  readonly now?: () => number;
  /** Hears what a listener of an event throws; the change stands. */
  readonly onListenerError?: (error: unknown) => void;
}

/** One command, under all of its ids; without a command two ids that were introduced before it came. */
interface Entry {
  command: CachedCommand | null;
  uuid: string | undefined;
  readonly ids: Set<string>;
  touchedAt: number;
}

/** @source seed 002, "TTL (Time-To-Live) y Limpieza Automática" */
export const COMMAND_TTL_MS = 600_000;

/** A guess: some 10 MB of ordinary commands. */
const MAX_ENTRIES = 10_000;

/**
 * Commands of one tenant while they are worked on, by their temporary id or by their UUID: one entry, one time, whichever id it is asked by. What it
 * hands out is frozen. Everything is synchronous, so nothing comes between the steps of a change.
 *
 * @source seed 002; docs/decisions/0030
 */
export class CommandCache {
  private readonly entries = new Map<string, Entry>();
  private readonly ttlMs: number;
  private readonly maxEntries: number;
  private readonly now: () => number;
  private readonly onListenerError: (error: unknown) => void;
  private emitter: CommandEmitter | undefined;
  private size = 0;

  constructor({ ttlMs = COMMAND_TTL_MS, maxEntries = MAX_ENTRIES, now = Date.now, onListenerError = () => undefined }: CommandCacheOptions = {}) {
    this.ttlMs = ttlMs;
    this.maxEntries = maxEntries;
    this.now = now;
    this.onListenerError = onListenerError;
  }

  /** Keeps a copy of a command; a `metadata.dbUuid` becomes its second id. Its background stays if it had one and this one has none. */
  cacheCommand(id: string, command: Readonly<Record<string, unknown>> & Pick<CachedCommand, 'id' | 'metadata'>): void {
    const dbUuid = command.metadata?.dbUuid;
    const entry = dbUuid === undefined ? (this.find(id) ?? this.add(id)) : this.joined(id, dbUuid);
    this.put(entry, stored(command, entry.command, this.now()));
  }

  /** By either id; asking prolongs its life. @returns null when there is none, or its time is over */
  getCachedCommand(id: string): CachedCommand | null {
    const entry = this.find(id);
    if (entry === undefined) return null;
    return entry.command;
  }

  /** Changes what is given; tells `commandCacheUpdated`. @returns the whole command; null when there is none */
  updateCachedCommand(id: string, updates: CommandUpdates): CachedCommand | null {
    const entry = this.find(id);
    if (!entry?.command) return null;
    const command = merged(entry.command, updates, this.now());
    const uuid = updates.metadata?.dbUuid;
    const place = uuid === undefined || uuid === entry.uuid ? entry : this.joined(id, uuid);
    return this.replace(place, command);
  }

  /** Makes both ids lead to the same command, now or when it comes. Of two commands the one that changed last stays. */
  syncIds(temporaryId: string, dbUuid: string): void {
    this.joined(temporaryId, dbUuid);
  }

  /** @deprecated the seed's older name of {@link syncIds} */
  setIdMapping(temporaryId: string, dbUuid: string): void {
    this.syncIds(temporaryId, dbUuid);
  }

  /** The UUID of either id; undefined when none is known. Does not prolong its life. */
  getMappedId(id: string): string | undefined {
    return this.peek(id)?.uuid;
  }

  /** Forgets a command with all of its ids; tells `commandCacheRemoved`. @returns whether there was one */
  removeCachedCommand(id: string): boolean {
    const entry = this.peek(id);
    if (!entry) return false;
    this.drop(entry);
    if (!entry.command) return false;
    this.tell('commandCacheRemoved', { id });
    return true;
  }

  /**
   * Sets the background, also of a command that is not here yet: then one with the status `pending` stands in for it. Tells `commandCacheUpdated`,
   * unless it is the same text. A blank text changes nothing; null takes the background away.
   *
   * @returns true, always
   */
  setAgentBackground(id: string, text: string | null): boolean {
    if (text === null) this.clearAgentBackground(id);
    if (text === null || isBlank(text)) return true;
    const entry = this.find(id) ?? this.add(id);
    if (!entry.command) this.replace(entry, stored({ id, status: 'pending', agentBackground: text }, null, this.now()));
    else if (entry.command.agentBackground !== text) this.replace(entry, withBackground(entry.command, text, this.now()));
    return true;
  }

  /** The one way to take a background away: an update never does. @returns whether there was one */
  clearAgentBackground(id: string): boolean {
    const entry = this.find(id);
    if (!entry?.command || isBlank(entry.command.agentBackground)) return false;
    this.replace(entry, withBackground(entry.command, null, this.now()));
    return true;
  }

  hasAgentBackground(id: string): boolean {
    return this.getAgentBackground(id) !== undefined;
  }

  getAgentBackground(id: string): string | undefined {
    const background = this.getCachedCommand(id)?.agentBackground;
    return isBlank(background) ? undefined : (background ?? undefined);
  }

  /** Who is told from now on, instead of whoever was; undefined for nobody. */
  setEventEmitter(emitter: CommandEmitter | undefined): void {
    this.emitter = emitter;
  }

  /** Forgets what nobody has asked for in its time, with all of its ids. @returns how many commands */
  cleanupCache(): number {
    const before = this.size;
    const now = this.now();
    for (const entry of this.distinct()) if (this.isOver(entry, now)) this.drop(entry);
    return before - this.size;
  }

  /** Commands, each counted once; what is over counts until the next cleaning. */
  getCacheSize(): number {
    return this.size;
  }

  /** Ids, of which a command mostly has two. */
  getAliasCount(): number {
    return this.entries.size;
  }

  /** Every command under each of its ids. Does not prolong their lives. */
  getAllCachedCommands(): Map<string, CachedCommand> {
    const all = new Map<string, CachedCommand>();
    for (const [id, { command }] of this.living()) if (command) all.set(id, command);
    return all;
  }

  /** Every id whose UUID is known, UUIDs among them. */
  getAllIdMappings(): Map<string, string> {
    const all = new Map<string, string>();
    for (const [id, { uuid }] of this.living()) if (uuid !== undefined) all.set(id, uuid);
    return all;
  }

  clearAll(): void {
    this.entries.clear();
    this.size = 0;
  }

  /** An entry whose time is not over, used now. */
  private find(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    const now = this.now();
    if (now - entry.touchedAt > this.ttlMs) {
      this.drop(entry);
      return undefined;
    }
    entry.touchedAt = now;
    return entry;
  }

  private peek(id: string): Entry | undefined {
    const entry = this.entries.get(id);
    return entry && !this.isOver(entry, this.now()) ? entry : undefined;
  }

  private isOver({ touchedAt }: Entry, now: number): boolean {
    return now - touchedAt > this.ttlMs;
  }

  private add(id: string): Entry {
    // Ids that were introduced before their command came take room, too.
    if (this.size >= this.maxEntries || this.entries.size >= 2 * this.maxEntries) this.makeRoom();
    const entry: Entry = { command: null, uuid: undefined, ids: new Set(), touchedAt: this.now() };
    this.name(entry, id);
    return entry;
  }

  /** The one entry of both ids. */
  private joined(temporaryId: string, uuid: string): Entry {
    const [temporary, known] = [this.find(temporaryId), this.find(uuid)];
    const isFree = temporary?.uuid === undefined || temporary.uuid === uuid;
    const entry = known ?? (isFree ? temporary : undefined) ?? this.add(uuid);
    if (temporary && temporary !== entry) this.moveInto(entry, temporary, temporaryId);
    entry.uuid = uuid;
    this.name(entry, temporaryId);
    this.name(entry, uuid);
    return entry;
  }

  /** An id that led to another UUID leaves its old entry; one that led to none brings all of it. */
  private moveInto(entry: Entry, from: Entry, id: string): void {
    const { command } = from;
    const moving = from.uuid === undefined ? [...from.ids] : [id];
    if (from.uuid === undefined) this.drop(from);
    else from.ids.delete(id);
    for (const one of moving) this.name(entry, one);
    if (!command) return;
    const [newer, older] = entry.command && entry.command.updatedAt > command.updatedAt ? [entry.command, command] : [command, entry.command];
    this.put(entry, stored(newer, older, this.now()));
  }

  private name(entry: Entry, id: string): void {
    this.entries.set(id, entry);
    entry.ids.add(id);
  }

  private put(entry: Entry, command: CachedCommand): void {
    if (!entry.command) this.size++;
    entry.command = command;
  }

  private replace(entry: Entry, command: CachedCommand): CachedCommand {
    this.put(entry, command);
    if (this.emitter !== undefined) this.tell('commandCacheUpdated', command);
    return command;
  }

  private drop(entry: Entry): void {
    if (entry.ids.size === 0) return;
    for (const id of entry.ids) this.entries.delete(id);
    entry.ids.clear();
    if (entry.command) this.size--;
  }

  private distinct(): Set<Entry> {
    return new Set(this.entries.values());
  }

  private living(): [string, Entry][] {
    const now = this.now();
    return [...this.entries].filter(([, entry]) => !this.isOver(entry, now));
  }

  private makeRoom(): void {
    const oldestFirst = [...this.distinct()].sort((a, b) => a.touchedAt - b.touchedAt);
    for (const entry of oldestFirst.slice(0, Math.ceil(oldestFirst.length / 10))) this.drop(entry);
  }

  private tell(event: 'commandCacheUpdated' | 'commandCacheRemoved', payload: CachedCommand | { readonly id: string }): void {
    try {
      this.emitter?.emit(event, payload);
    } catch (error) {
      this.onListenerError(error);
    }
  }
}
