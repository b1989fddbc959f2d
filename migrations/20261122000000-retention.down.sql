DROP INDEX conversations_retention;
ALTER TABLE conversations DROP COLUMN archived_at;
