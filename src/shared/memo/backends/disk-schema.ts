/** What goes first when a disk cache is over its limit. `none`: nothing goes. */
export type CullingPolicy = 'least-recently-stored' | 'least-recently-used' | 'least-frequently-used' | 'none';

/** The sum of all sizes is kept by triggers, so that a write need not add them up. */
export const DISK_SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    slot TEXT NOT NULL UNIQUE,
    func TEXT NOT NULL,
    body BLOB,
    file TEXT,
    is_packed INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER,
    CHECK ((body IS NULL) <> (file IS NULL))
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_func ON entries (func);
  CREATE INDEX IF NOT EXISTS entries_stored_at ON entries (stored_at, id);
  CREATE INDEX IF NOT EXISTS entries_used_at ON entries (used_at, id);
  CREATE INDEX IF NOT EXISTS entries_uses ON entries (uses, id);
  CREATE INDEX IF NOT EXISTS entries_expires_at ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES ('size_bytes', 0), ('tick', 0);
  CREATE TRIGGER IF NOT EXISTS entries_inserted AFTER INSERT ON entries BEGIN
    UPDATE totals SET value = value + NEW.size_bytes WHERE name = 'size_bytes';
  END;
  CREATE TRIGGER IF NOT EXISTS entries_updated AFTER UPDATE OF size_bytes ON entries BEGIN
    UPDATE totals SET value = value + NEW.size_bytes - OLD.size_bytes WHERE name = 'size_bytes';
  END;
  CREATE TRIGGER IF NOT EXISTS entries_deleted AFTER DELETE ON entries BEGIN
    UPDATE totals SET value = value - OLD.size_bytes WHERE name = 'size_bytes';
  END;
`;

/** By which column each policy chooses, least first. */
export const CULLED_BY: Readonly<Record<Exclude<CullingPolicy, 'none'>, string>> = {
  'least-recently-stored': 'stored_at',
  'least-recently-used': 'used_at',
  'least-frequently-used': 'uses',
};
